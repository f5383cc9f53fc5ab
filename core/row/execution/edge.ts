// Edges: "when this ends, look at that job". They are immutable hints. A stale one costs a read.

import type { Key, Row } from '../../context.ts';
import type { Dependency } from '../../execution/dependency.ts';
import { type ExecutionId, isExecutionId } from '../../id/identifier.ts';
import { defineRow, readRow } from '../kind.ts';

export type Waiter = { readonly execution: ExecutionId; readonly try: number; readonly phase: string };

export const edgeKind = defineRow<{ readonly expiresAtSeconds: number }>({
  table: 'executions',
  name: 'edge',
  pk: '{execution or object}',
  sk: 'W#{waiter}#{try}.{phase}',
  meaning:
    'An execution waits for this one. The table deletes the edge after 60 days, and an execution that still waits writes it again.',
  fields: { required: { expiresAtSeconds: 'number' }, optional: {} },
});

/**
 * The edge's key, in the partition of the awaited job or object. Try and phase keep an old edge from hiding a new wait.
 */
export function edgeKey(dependency: Dependency, waiter: Waiter): Key {
  const pk = dependency.kind === 'execution' ? dependency.execution : dependency.object;
  return { pk, sk: `${edgePrefix}${waiter.execution}#${waiter.try}.${waiter.phase}` };
}

/**
 * The row of an edge. The table deletes it when it is old. A job that still waits then writes it again at its next
 * look.
 */
export function edgeRow(key: Key, now: number): Row {
  return { ...key, expiresAtSeconds: Math.ceil(now / 1000) + edgeLifeSeconds };
}

/** The execution that waits. */
export function readWaiter(row: Row): ExecutionId {
  const { sk } = readRow(edgeKind, row);
  const waiter = sk.slice(edgePrefix.length, sk.lastIndexOf('#'));
  if (!isExecutionId(waiter)) throw new Error(`The row ${row.pk} · ${sk} of executions does not name an execution`);
  return waiter;
}

/** The sort keys of edges have this beginning. */
export const edgePrefix = 'W#';
/** Longer than a job may run. */
const edgeLifeSeconds = 60 * 86_400;
