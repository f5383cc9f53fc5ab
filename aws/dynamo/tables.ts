// The tables as data: read by `infra` (which declares them) and by `rows.ts` (which uses them). Knows no SDK and no CDK.

/** Every table has the string keys `pk` and `sk`. What the rows mean: ARCHITECTURE.md, "Rows". `ttl`: only of what is no truth. */
export const tables = {
  /** Jobs, their bodies, trees, edges, doom flags, list rows. */
  executions: { suffix: 'executions', stream: true, ttl: 'expiresAtSeconds', index: 'open' },
  /** Data objects and where they are placed; folder listings. */
  objects: { suffix: 'objects', stream: true, ttl: undefined, index: undefined },
  /** Projects, containers, folders, members. */
  containers: { suffix: 'containers', stream: false, ttl: undefined, index: undefined },
  /** Users, tokens (by hash). */
  identities: { suffix: 'identities', stream: false, ttl: 'expiresAtSeconds', index: undefined },
} as const;

/** Sparse and keys-only: executions that still have consequences, by when they should be looked at. */
export const openIndex = { name: 'open', partitionKey: 'openShard', sortKey: 'dueAt' } as const;

/** Over so many partitions the index is spread; the sweep looks at each. */
export const openShardCount = 16;
