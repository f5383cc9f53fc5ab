// Ends the other jobs after one has ended, in pages: its whole tree, or everything below a try that was given up.

import type { Context } from '../../core/context.ts';
import { type Doom, type DoomCause, restartsBy } from '../../core/execution/doom.ts';
import { isId } from '../../core/id/identifier.ts';
import { failureScope, type JobRow, ownScope } from '../../core/job/row.ts';
import { loadJob } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import type { Unsatisfiable } from '../wait/readiness.ts';
import { doomScope, endByDoom, endMembers, loadDoom, obeyDoom } from './doom.ts';

/**
 * Ends every job of the tree if this is the job that failed first, or the origin job. Other jobs do not have to.
 *
 * @returns the position to continue from, undefined at the end
 */
export async function endTree(context: Context, row: JobRow, after: string | undefined): Promise<string | undefined> {
  const doom = await doomOfEnded(context, row);
  const firstToFail = doom.cause.kind !== 'restart' && doom.cause.execution === row.pk;
  if (!firstToFail && row.origin !== row.pk) return undefined;
  if (after === undefined && row.origin !== row.pk) {
    const origin = await loadJob(context, row.origin);
    if (origin !== undefined) await endByDoom(context, origin, doom);
  }
  return endMembers(context, row.root, doom, after);
}

/**
 * Ends everything below the try of a master job that was given up.
 *
 * @returns the position to continue from, undefined at the end
 */
export async function endDescendants(
  context: Context,
  row: JobRow,
  after: string | undefined,
): Promise<string | undefined> {
  const doom = await loadDoom(context, row);
  if (doom === undefined) throw new Error(`${row.pk} is restartable, but there is no doom flag that says why`);
  return endMembers(context, row.root, { ...doom, scope: ownScope(row) }, after);
}

/**
 * Fails a job one of whose dependencies has ended without being done. If that is a job of the same tree, the tree fails
 * because of that job, which may not have been looked at yet (docs/reference/api.md, "Spread of failures").
 */
export async function failByDependency(context: Context, row: JobRow, problem: Unsatisfiable): Promise<Saved> {
  const { execution, message } = problem;
  const dependency = isId(execution, 'job') ? await loadJob(context, execution) : undefined;
  if (dependency?.origin === row.origin) {
    await doomOfEnded(context, dependency);
    const ended = await obeyDoom(context, row);
    if (ended !== undefined) return ended;
  }
  return saveJob(context, row, { kind: 'fail', failure: { reason: 'DependencyUnsatisfiable', message } });
}

/**
 * The doom that a job which was not done is under. Without one, the job was the first to fail, and dooms its tree. The
 * flag of its own restart is not a reason for its end: it came too late, when the job had failed for good.
 */
async function doomOfEnded(context: Context, row: JobRow): Promise<Doom> {
  const before = await loadDoom(context, row);
  if (before !== undefined && !restartsBy(before, row.pk)) return before;
  const { failureReason: reason = 'JMInternalError', failureMessage: message = '' } = row;
  const cause: DoomCause = { kind: 'failure', execution: row.pk, try: row.try, reason, message };
  return doomScope(context, row, failureScope(row), cause);
}
