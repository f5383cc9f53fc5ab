// The calls of workers, without HTTP: the same routes with the same checks.

import { authenticate } from '../../api/authenticate.ts';
import { parseBody } from '../../api/http/request-body.ts';
import { workerRoutes } from '../../api/routes.ts';
import { errorReply, type Reply, serve } from '../../api/serve.ts';
import type { Context, WorkerHandle } from '../../core/context.ts';
import { ApiError, internalError } from '../../core/error/api-error.ts';
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

/**
 * Answers a call that a worker makes with the token of its job. The text of its body is checked as that of an HTTP
 * request is: a number that cannot be kept exactly is refused. A fault of the platform is reported here as well.
 */
export async function askAs(
  context: Context,
  path: string,
  token: string,
  text: string,
  report: (what: string, fault: unknown) => void,
): Promise<Reply> {
  try {
    const input = parseBody(Buffer.from(text), undefined);
    const caller = await authenticate(context, `Bearer ${token}`);
    return await serve(context, { path, caller, input, headers: {} }, workerRoutes);
  } catch (fault) {
    if (fault instanceof ApiError && fault.status < 500) return errorReply(fault);
    report(path, fault);
    return errorReply(internalError(path, { cause: fault as Error }));
  }
}
