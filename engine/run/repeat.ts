// Recognizes a request that is repeated with its nonce. It gets the same answer as before, even if facts have changed
// since (docs/reference/api.md, "Nonces").

import type { Context } from '../../core/context.ts';
import { nonceReused } from '../../core/error/api-error.ts';
import { deriveId, randomId, randomIdByteCount } from '../../core/id/derive.ts';
import type { ExecutionId, Id, JobId } from '../../core/id/identifier.ts';
import { callerScope, type KnownCaller } from '../../core/identity/caller.ts';
import { requestDigest } from '../../core/object/digest.ts';
import { loadExecution } from '../store/load-job.ts';

/** The parts of a call by which a repeated call of the same caller is recognized. */
export type Repeatable = {
  /** The path as sent. */
  readonly route: string;
  /** The input as sent. */
  readonly raw: unknown;
  readonly nonce: string | undefined;
};
type Identified<Id extends ExecutionId> = { readonly id: Id; readonly digest: string; readonly exists: boolean };

/**
 * The id of the job that a call makes, and whether that job exists already.
 *
 * @throws ApiError InvalidInput when the same nonce was used with another input
 */
export function identifyJob(context: Context, caller: KnownCaller, call: Repeatable): Promise<Identified<JobId>> {
  return identifyExecution(context, caller, call, 'job');
}

/** The same for an execution of either class. */
export async function identifyExecution<Class extends 'job' | 'analysis'>(
  context: Context,
  caller: KnownCaller,
  call: Repeatable,
  className: Class,
): Promise<Identified<Id<Class>>> {
  const digest = shortDigest(call.raw);
  if (call.nonce === undefined) {
    return { id: randomId(className, context.random(randomIdByteCount)), digest, exists: false };
  }
  const id = deriveId(className, callerScope(caller), call.route, call.nonce);
  const row = await loadExecution(context, id);
  const exists = row !== undefined && row.tombstone !== true;
  if (exists && row.digest !== digest) throw nonceReused();
  return { id, digest, exists };
}

/** 144 bits are enough to tell requests apart, and the job row must stay small. */
function shortDigest(raw: unknown): string {
  return Buffer.from(requestDigest(raw), 'hex').subarray(0, 18).toString('base64url');
}
