// Ends a whole tree from its root, at once: the flag, the root, then every member in pages. The root's own end comes
// only after its worker has stopped, and the other workers must not wait for that.

import type { Context } from '../../core/context.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { isId } from '../../core/id/identifier.ts';
import { type JobRow, ownScope } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import type { WorkMessage } from '../../core/work/message.ts';
import { loadJob } from '../store/load-job.ts';
import { sendWork } from '../store/send-work.ts';
import { doomScope, endByDoom, endMembers, loadDoom } from './doom.ts';

/**
 * Dooms the present try of a root, ends the root, and ends the first members. A message continues. If the root's worker
 * still has to be stopped, nothing else would ask the others to stop before that.
 *
 * @returns the root as it is then. It is neither ended nor terminating if it began its next try meanwhile.
 */
export async function endFromRoot(context: Context, root: JobRow, cause: DoomCause): Promise<JobRow> {
  const ended = await endByDoom(context, root, await doomScope(context, root, ownScope(root), cause));
  if (ended.state === 'terminating') await endPage(context, ended);
  return ended;
}

/** Ends the next members of a tree whose root is doomed. Nothing is left to do once the root has ended. */
export async function goOnEnding(
  context: Context,
  { root, try: attempt, after }: Extract<WorkMessage, { kind: 'endMembers' }>,
): Promise<void> {
  const row = isId(root, 'job') ? await loadJob(context, root) : undefined;
  if (row === undefined || row.try !== attempt || isTerminal(row.state)) return;
  await endPage(context, row, after);
}

async function endPage(context: Context, root: JobRow, after?: string): Promise<void> {
  const doom = await loadDoom(context, root);
  if (doom === undefined) return;
  const next = await endMembers(context, root.root, doom, after);
  if (next === undefined) return;
  await sendWork(context, [{ kind: 'endMembers', root: root.pk, try: root.try, after: next }]);
}
