// Gives a job to its worker, which is the only way from runnable to running. Only one task of the worker that was
// started for this launch gets it, and only while no doom is on the job (docs/reference/protocols.md, "Claim").

import { timingSafeEqual } from 'node:crypto';
import type { Context, WorkerHandle } from '../../core/context.ts';
import { invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import { treeEnd } from '../../core/execution/tree-limit.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { workerId } from '../../core/id/worker.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { jobSecretByteCount, makeJobToken } from '../identity/job-token.ts';
import { loadExecution, loadJob, loadSpec } from '../store/load-job.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';
import { saveJob } from '../store/save-job.ts';
import { endByDoom, loadDoom } from './doom.ts';

export type ClaimRequest = {
  readonly job: JobId;
  readonly try: number;
  readonly launch: number;
  readonly nonce: string;
  /** The port's name of the process that asks. */
  readonly task: WorkerHandle;
};
export type Claimed = { readonly token: string; readonly row: JobRow; readonly spec: ExecutionSpec };

/**
 * Gives the job to the task that asks. The same task may ask again: it gets a fresh token, which replaces the old one.
 *
 * @throws ApiError ResourceNotFound for a wrong nonce; InvalidState with `{code: 'claimed'}` when this worker has
 *   nothing to do. It then exits with 0.
 */
export async function claim(context: Context, request: ClaimRequest): Promise<Claimed> {
  await checkNonce(context, request);
  const take = async () => {
    const row = await loadJob(context, request.job);
    if (row === undefined) throw resourceNotFound(request.job);
    if (row.try !== request.try || row.launch !== request.launch) throw nothingToDo(row);
    if (row.state !== 'runnable' && !(row.state === 'running' && row.task === request.task)) throw nothingToDo(row);
    const doom = await loadDoom(context, row);
    if (doom !== undefined) throw nothingToDo(await endByDoom(context, row, doom));
    const root = row.root === row.pk ? row : await loadExecution(context, row.root);
    const expiresAt = treeEnd((root ?? row).created);
    const { token, hash } = makeJobToken(row.pk, row.try, context.random(jobSecretByteCount), expiresAt);
    const leaseUntil = context.now() + context.settings.leaseSeconds * 1000;
    const saved = await saveJob(context, row, { kind: 'claim', task: request.task, tokenHash: hash, leaseUntil });
    if (saved.kind !== 'saved') return changed;
    return { token, row: saved.row, spec: await loadSpec(context, row.pk) };
  };
  return retryWhileChanged(`"${request.job}"`, take, invalidState);
}

/** The nonce is derived, so it is not stored. A caller without it learns nothing about the job. */
async function checkNonce(context: Context, request: ClaimRequest): Promise<void> {
  const expected = Buffer.from(await context.seals.seal('boot', workerId(request)));
  const shown = Buffer.from(request.nonce);
  const matches = expected.length === shown.length && timingSafeEqual(expected, shown);
  if (!matches) throw resourceNotFound(request.job, 'no worker was started for it with this nonce');
}

function nothingToDo(row: JobRow) {
  return invalidState(`"${row.pk}" is not for this worker: it is ${row.state} in try ${row.try}`, { code: 'claimed' });
}
