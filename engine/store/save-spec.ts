// Saves the specification of an execution before its row.

import type { Context } from '../../core/context.ts';
import { nonceReused } from '../../core/error/api-error.ts';
import type { ExecutionId } from '../../core/id/identifier.ts';
import { isHash } from '../../core/reference/value.ts';

/**
 * An interrupted birth may have left a specification. It is this execution's only if the same request wrote it.
 *
 * @throws ApiError InvalidInput when another request wrote it
 */
export async function saveSpecOnce(context: Context, id: ExecutionId, digest: string, spec: object): Promise<void> {
  if (await context.bodies.save(id, 'spec', { ...spec, digest }, { ifAbsent: true })) return;
  const there = await context.bodies.load(id, 'spec');
  if (!isHash(there) || there.digest !== digest) throw nonceReused();
}
