// What follows a change of a row: the same look that a record of DynamoDB's stream brings on AWS. A change that is lost
// with the process needs no memory, because a start looks at every open row.

import { streamStates } from '../../core/analysis/stream-states.ts';
import type { Context, Row, TableName } from '../../core/context.ts';
import { isObjectId } from '../../core/id/identifier.ts';
import { isExecutionKey } from '../../core/row/execution/execution.ts';
import { objectKey } from '../../core/row/objects.ts';
import { onExecutionChangeOrLater, onObjectClosed } from '../../engine/advance.ts';

export type ChangeStream = {
  onChange(table: TableName, before: Row | undefined, after: Row | undefined): void;
  /** Resolves when nothing is under way. Later changes are ignored. */
  close(): Promise<void>;
};

type Change = { readonly before: Row | undefined; readonly after: Row };

/** @param context is asked for when the first change is looked at */
export function createChangeStream(
  context: () => Context,
  report: (what: string, fault: unknown) => void,
): ChangeStream {
  const changes: Change[] = [];
  const lanes = new Set<Promise<void>>();
  let isOpen = true;
  const runLane = async () => {
    // The write that made the change is still under way.
    await Promise.resolve();
    for (let change = changes.shift(); change !== undefined && isOpen; change = changes.shift()) {
      const fault = await look(context(), change).catch((error: unknown) => error);
      if (fault !== undefined) report(`the look at ${change.after.pk}`, fault);
    }
  };
  return {
    onChange(table, before, after) {
      if (!isOpen || after === undefined || !matters(table, before, after)) return;
      changes.push({ before, after });
      if (lanes.size >= laneCount) return;
      const lane = runLane().finally(() => lanes.delete(lane));
      lanes.add(lane);
    },
    async close() {
      isOpen = false;
      await Promise.all(lanes);
    },
  };
}

/** The filters of the streams on AWS (infra/constructs/table-stream.ts). */
function matters(table: TableName, before: Row | undefined, after: Row): boolean {
  if (table === 'executions') return isExecutionKey(after) && agendaStates.has(String(after.state));
  const isObject = table === 'objects' && isObjectId(after.pk) && after.sk === objectKey(after.pk).sk;
  return isObject && after.state === 'closed' && before?.state !== 'closed';
}

/** The error of a look that failed and is repeated by a message. */
async function look(context: Context, { before, after }: Change): Promise<unknown> {
  if (!isObjectId(after.pk)) return onExecutionChangeOrLater(context, after, before);
  await onObjectClosed(context, after.pk);
  return undefined;
}

const agendaStates: ReadonlySet<string> = new Set(streamStates());
const laneCount = 8;
