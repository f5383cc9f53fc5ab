// The last pass over what the tries of an ended master job may have left. The job's row waits for it in the index of the
// sweep, so it comes without any message.

import type { Context } from '../../core/context.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import type { JobRow } from '../../core/job/row.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { destroyContainer } from '../removal/container.ts';
import { loadJob } from '../store/load-job.ts';
import { loadEarlierTries } from '../store/load-try.ts';
import { saveJob } from '../store/save-job.ts';
import { hasNextWorkspace } from './destroy-workspace.ts';
import { takeBackAgain } from './take-back.ts';

/**
 * Sets the time of the last pass, or carries out a page of it when that time has come. It takes back what a try placed
 * and must not leave, and empties the workspace of every try for good. It may be repeated.
 *
 * @returns `next`: the position to continue from, undefined at the end. `hold` until its time.
 */
export async function lastPass(
  context: Context,
  row: JobRow,
  after: string | undefined,
): Promise<'hold' | { readonly next: string | undefined }> {
  if (row.lastPassAt === undefined) {
    // Another look may have set the time meanwhile. A read costs less than a refused write.
    const again = await loadJob(context, row.pk);
    if (again?.dueAt === row.dueAt)
      await saveJob(context, row, { kind: 'empty', lastPassAt: context.now() + everythingEndsMs });
    return 'hold';
  }
  if (context.now() < row.lastPassAt) return 'hold';
  if (after === undefined) await takeAllBack(context, row);
  const from = readPosition(after ?? '0 ');
  const last = hasNextWorkspace(row) ? row.try + 1 : row.try;
  for (let attempt = from.try; attempt <= last; attempt++) {
    const start = attempt === from.try ? from.position : undefined;
    const next = await destroyContainer(context, workspaceId(row.pk, attempt), start, 'last');
    if (next !== undefined) return { next: `${attempt} ${next}` };
  }
  return { next: undefined };
}

/** The output of a job that is done stays. Every other try may have been cloning its output when it ended. */
async function takeAllBack(context: Context, row: JobRow): Promise<void> {
  const earlier = await loadEarlierTries(context, row);
  const tries = row.state === 'done' ? earlier : [row, ...earlier];
  for (const attempt of tries) if (attempt.task !== undefined) await takeBackAgain(context, attempt);
}

/** The try, and the position in its workspace. */
function readPosition(after: string): { readonly try: number; readonly position: string } {
  const [attempt = '0'] = after.split(' ', 1);
  return { try: Number(attempt), position: after.slice(attempt.length + 1) };
}
