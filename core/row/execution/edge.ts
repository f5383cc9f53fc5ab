// Edges: "when this ends, look at that job". They are immutable hints; one that is stale costs a read.

import type { Key, Row } from '../../context.ts';
import { isId, type JobId } from '../../id/identifier.ts';
import type { Dependency } from '../../job/spec.ts';
import { defineRow, readRow } from '../kind.ts';

export type Waiter = { readonly job: JobId; readonly try: number; readonly phase: string };

export const edgeKind = defineRow<{ readonly expiresAtSeconds: number }>({
  table: 'executions',
  name: 'edge',
  pk: '{job or object}',
  sk: 'W#{waiter}#{try}.{phase}',
  meaning:
    'A job waits for this one; the table deletes the edge after 60 days, and a job that still waits writes it again.',
  fields: { required: { expiresAtSeconds: 'number' }, optional: {} },
});

/** The edge's key: in the partition of what is waited for. Try and phase keep an old edge from hiding a new wait. */
export function edgeKey(dependency: Dependency, waiter: Waiter): Key {
  const pk = dependency.kind === 'job' ? dependency.job : dependency.object;
  return { pk, sk: `${edgePrefix}${waiter.job}#${waiter.try}.${waiter.phase}` };
}

/** The row of an edge. The table deletes it when it is old; a job that still waits puts it again at the next look. */
export function edgeRow(key: Key, now: number): Row {
  return { ...key, expiresAtSeconds: Math.ceil(now / 1000) + edgeLifeSeconds };
}

/** The job that waits. */
export function readWaiter(row: Row): JobId {
  const { sk } = readRow(edgeKind, row);
  const waiter = sk.slice(edgePrefix.length, sk.lastIndexOf('#'));
  if (!isId(waiter, 'job')) throw new Error(`The row ${row.pk} · ${sk} of executions names no job that waits`);
  return waiter;
}

/** The sort keys of edges begin so. */
export const edgePrefix = 'W#';
/** Longer than a job may run. */
const edgeLifeSeconds = 60 * 86_400;
