// Refuses calls that change apps and global workflows to those who may not make them.

import { requireDeveloper as refusalOf } from '../../../core/app/series.ts';
import { invalidInput, permissionDenied } from '../../../core/error/api-error.ts';
import { type FoundVersion, findVersion } from '../../../engine/app/version.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import type { KnownCall } from '../../route.ts';

/** A job may do what its user may only if its executable asked for that (docs/reference/api.md, "Access of an executable"). */
export async function requireDeveloperAccess({ context, caller, path }: KnownCall<unknown>): Promise<void> {
  if (caller.kind !== 'job') return;
  const { access } = await loadSpec(context, caller.job.pk);
  if (access.developer !== true)
    throw permissionDenied(`call ${path}`, '"access.developer"', 'an executable without it');
}

/** The version that a path names, for a developer of it. It may have been deleted. */
export async function findOwnVersion(call: KnownCall<unknown>, doing: string): Promise<FoundVersion> {
  const { context, caller, subject, alias } = call;
  await requireDeveloperAccess(call);
  const found = await findVersion(context, caller, subject, alias);
  const refusal = refusalOf(found.series, caller.user, doing);
  if (refusal !== undefined) throw refusal;
  return found;
}

/** The user that pays. Nobody can name another one, and there are no organizations. */
export function readBillTo({ caller }: KnownCall<unknown>, billTo: string | undefined): string {
  if (billTo === undefined || billTo === caller.user) return caller.user;
  if (billTo.startsWith('user-')) throw invalidInput('Cannot request another user to be the "billTo"');
  throw invalidInput(`"billTo" must be ${caller.user}: there are no organizations`);
}
