// Edges: "when this ends, look at that job". Immutable hints; one that is stale costs a read.

import type { JobId } from '../id/identifier.ts';
import type { Dependency } from '../job/spec.ts';

export type Waiter = { readonly job: JobId; readonly try: number; readonly phase: string };

/** The edge's key: in the partition of what is waited for. Try and phase keep an old edge from hiding a new wait. */
export function edgeKey(dependency: Dependency, waiter: Waiter): { pk: string; sk: string } {
  const pk = dependency.kind === 'job' ? dependency.job : dependency.object;
  return { pk, sk: `${edgePrefix}${waiter.job}#${waiter.try}.${waiter.phase}` };
}

/** The row of an edge. The table deletes it when it is old; who still waits then puts it again at the next look. */
export function edgeRow(key: { pk: string; sk: string }, now: number) {
  return { ...key, expiresAtSeconds: Math.ceil(now / 1000) + edgeLifeSeconds };
}

/** The job that an edge names. */
export function edgeWaiter(sortKey: string): JobId {
  return sortKey.slice(edgePrefix.length, sortKey.lastIndexOf('#')) as JobId;
}

export const edgePrefix = 'W#';
/** Longer than a job may run. */
const edgeLifeSeconds = 60 * 86_400;
