// The calls of workers, without HTTP: the same routes with the same checks.

import { authenticate } from '../../api/authenticate.ts';
import { workerRoutes } from '../../api/routes.ts';
import { errorReply, type Reply, serve } from '../../api/serve.ts';
import type { Context, WorkerHandle } from '../../core/context.ts';
import { internalError } from '../../core/error/api-error.ts';
import { readWorkerId, type WorkerId } from '../../core/id/worker.ts';
import type { ToWorker } from '../../worker/channel.ts';

type Claim = Extract<ToWorker, { kind: 'run' }>['claim'];

/** Claims a job for the worker that was started for it. Undefined when there is nothing to do any more. */
export async function claimFor(
  context: Context,
  worker: WorkerId,
  nonce: string,
  task: WorkerHandle,
): Promise<Claim | undefined> {
  const launched = readWorkerId(worker);
  if (launched === undefined) return undefined;
  const input = { ...launched, nonce, task };
  const caller = await authenticate(context, undefined);
  const { status, body } = await serve(context, { path: '/_worker/claim', caller, input, headers: {} }, workerRoutes);
  return status === 200 ? (body as Claim) : undefined;
}

/** Answers a call that a worker makes with the token of its job. A fault of the platform is reported here as well. */
export async function askAs(
  context: Context,
  path: string,
  token: string,
  input: unknown,
  report: (what: string, fault: unknown) => void,
): Promise<Reply> {
  try {
    const caller = await authenticate(context, `Bearer ${token}`);
    return await serve(context, { path, caller, input, headers: {} }, workerRoutes);
  } catch (fault) {
    report(path, fault);
    return errorReply(internalError(path, { cause: fault as Error }));
  }
}
