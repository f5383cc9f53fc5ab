// Empties the workspace of a master job, or of a try of one that was given up, once nothing can write to it any more.

import type { Context } from '../../core/context.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { workspaceKeptUntil } from '../../core/job/due.ts';
import { type JobRow, jobWorkspace, ownScope } from '../../core/job/row.ts';
import { stopWorker } from '../launch/worker-task.ts';
import { destroyContainer } from '../removal/container.ts';
import { loadSpec } from '../store/load-job.ts';
import { saveJob } from '../store/save-job.ts';
import { waitFor } from '../wait/wait.ts';
import { releaseWorker } from './check-worker.ts';
import { keepInput } from './keep-input.ts';
import { scopeWait } from './member.ts';

/**
 * Empties one page of the workspace. Before that, the input of a try that was given up goes into the workspace of the
 * next one. If the job ends instead, that workspace is emptied too.
 *
 * @returns `next`: the position to continue from, undefined at the end. `hold` while a job may still write to the
 *   workspace, or while the workspace is kept.
 */
export async function destroyWorkspace(
  context: Context,
  row: JobRow,
  after: string | undefined,
): Promise<'hold' | { readonly next: string | undefined }> {
  if (after === undefined) {
    if (row.state === 'restartable') {
      if ((await awaitDescendants(context, row)) === 'hold') return 'hold';
      await keepInput(context, row);
    } else {
      if (row.state !== 'done' && !(await hasEndedBelow(context, row))) return 'hold';
      if (await keepsWorkspace(context, row)) return 'hold';
    }
  }
  if (after?.startsWith(nextTryPosition) === true) return destroyNext(context, row, after);
  // The row of an ended job waits for the last pass (last-pass.ts).
  const pass = row.state === 'restartable' ? 'first' : 'ahead';
  const next = await destroyContainer(context, jobWorkspace(row), after, pass);
  return next === undefined && hasNextWorkspace(row) ? destroyNext(context, row, nextTryPosition) : { next };
}

/** `hold` while a job below a try that was given up, or the worker of that try, may still do something. */
export async function awaitDescendants(context: Context, row: JobRow): Promise<'done' | 'hold'> {
  if (!(await hasEndedBelow(context, row))) return 'hold';
  return (await stopWorker(context, row, 'its try was given up')).kind === 'ended' ? 'done' : 'hold';
}

async function hasEndedBelow(context: Context, row: JobRow): Promise<boolean> {
  return (await waitFor(context, scopeWait(context, row, ownScope(row)))).kind === 'ready';
}

/** True for a job that ended between two tries: the workspace of the next one may hold its input already. */
export function hasNextWorkspace({ state, transitions }: JobRow): boolean {
  return state !== 'restartable' && transitions.some(([entered]) => entered === 'restartable');
}

async function destroyNext(
  context: Context,
  row: JobRow,
  after: string,
): Promise<{ readonly next: string | undefined }> {
  const next = await destroyContainer(
    context,
    workspaceId(row.pk, row.try + 1),
    after.slice(nextTryPosition.length),
    'ahead',
  );
  return { next: next === undefined ? undefined : `${nextTryPosition}${next}` };
}

/**
 * `delayWorkspaceDestruction` keeps the workspace for a time, but not the worker. Until then the row stays in the
 * sweep's index (docs/reference/api.md, "Other options of a run").
 */
async function keepsWorkspace(context: Context, row: JobRow): Promise<boolean> {
  const spec = await loadSpec(context, row.pk);
  const keptUntil = workspaceKeptUntil(row, spec.delayWorkspaceDestruction);
  if (!spec.delayWorkspaceDestruction || context.now() >= keptUntil) return false;
  if ((await releaseWorker(context, row)) === 'done') await saveJob(context, row, { kind: 'look', dueAt: keptUntil });
  return true;
}

/** The position of a page in the workspace of the next try begins so. */
const nextTryPosition = 'next try:';
