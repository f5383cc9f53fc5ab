// A request that comes again with its nonce gets the answer that it got, whatever has changed since
// (docs/reference/api.md, "Nonces").

import type { Context } from '../../core/context.ts';
import { nonceReused } from '../../core/error/api-error.ts';
import { deriveId, randomId, randomIdByteCount } from '../../core/id/derive.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { requestDigest } from '../../core/object/digest.ts';
import { loadJob } from '../store/load-job.ts';

export type Identified = { readonly id: JobId; readonly digest: string; readonly exists: boolean };

/**
 * The id that a request makes, and whether it has been made. The same nonce with another input is InvalidInput.
 *
 * @param request `scope` whose nonces these are, `route` the path as sent, `raw` the input as sent
 */
export async function identifyJob(
  context: Context,
  request: {
    readonly scope: string;
    readonly route: string;
    readonly raw: unknown;
    readonly nonce: string | undefined;
  },
): Promise<Identified> {
  const digest = shortDigest(request.raw);
  if (request.nonce === undefined) {
    return { id: randomId('job', context.random(randomIdByteCount)), digest, exists: false };
  }
  const id = deriveId('job', request.scope, request.route, request.nonce);
  const row = await loadJob(context, id);
  const exists = row !== undefined && row.tombstone !== true;
  if (exists && row.digest !== digest) throw nonceReused();
  return { id, digest, exists };
}

/** 144 bits are enough to tell requests apart, and the job row has to stay small. */
function shortDigest(raw: unknown): string {
  return Buffer.from(requestDigest(raw), 'hex').subarray(0, 18).toString('base64url');
}
