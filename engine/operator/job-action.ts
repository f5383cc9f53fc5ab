// Finds held jobs, and counts those that have not ended, for the owner of this machine.

import type { Context } from '../../core/context.ts';
import { isEndState } from '../../core/execution/head.ts';
import { isExecutionId, isId } from '../../core/id/identifier.ts';
import type { ExecutionCounts, OperatorRefusal } from '../../core/operator/request.ts';
import { loadExecutions, loadJob } from '../store/load-job.ts';

/** Only a held job can be entered: the folder of a running job belongs to its code. */
export async function findHeld(
  on: Context,
  { name: job }: { readonly name: string },
): Promise<{ readonly task: string } | OperatorRefusal> {
  if (!isId(job, 'job')) return { refusal: `"${job}" is not the id of a job.` };
  const row = await loadJob(on, job);
  if (row === undefined) return { refusal: `There is no ${job} on this platform.` };
  if (row.state === 'debug_hold' && row.task !== undefined)
    return { task: row.task.slice(row.task.lastIndexOf('/') + 1) };
  const advice = 'run it with "dx run --debug-on All", and it is held if it fails';
  return { refusal: `${job} is ${row.state}; only a held job can be entered: ${advice}.` };
}

/** The index of the sweep names every execution that has consequences left. */
export async function countExecutions(on: Context): Promise<ExecutionCounts> {
  const states: Record<string, number> = {};
  let isComplete = true;
  for (let shard = 0; shard < on.settings.openShardCount; shard++) {
    const due = await on.rows.due(shard, Number.MAX_SAFE_INTEGER, maximumCountOfShard);
    if (due.length === maximumCountOfShard) isComplete = false;
    const executions = due.flatMap(({ id }) => (isExecutionId(id) ? [id] : []));
    for (const row of await loadExecutions(on, executions)) {
      if (row === undefined || row.tombstone === true || isEndState(row.state)) continue;
      states[row.state] = (states[row.state] ?? 0) + 1;
    }
  }
  return { states, isComplete };
}

const maximumCountOfShard = 1_000;
