// The tables as data: `infra` declares them, and `rows.ts` uses them.

/**
 * Every table has the string keys `pk` and `sk`. docs/rows.md says what the rows mean. `ttl` is set only on
 * rows that are hints.
 */
export const tables = {
  /** Jobs, their bodies, trees, edges, doom flags, list rows. */
  executions: { suffix: 'executions', stream: true, ttl: 'expiresAtSeconds', index: 'open' },
  /** Data objects and their placements; folder listings. */
  objects: { suffix: 'objects', stream: true, ttl: undefined, index: undefined },
  /** Projects, containers, folders, members. */
  containers: { suffix: 'containers', stream: false, ttl: undefined, index: undefined },
  /** Users, tokens (by hash). */
  identities: { suffix: 'identities', stream: false, ttl: 'expiresAtSeconds', index: undefined },
} as const;

/** Sparse and keys-only: executions that still have consequences, by the time of their next look. */
export const openIndex = { name: 'open', partitionKey: 'openShard', sortKey: 'dueAt' } as const;

/** The index is spread over this many partitions. The sweep looks at each of them. */
export const openShardCount = 16;
