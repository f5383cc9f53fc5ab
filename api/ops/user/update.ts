// /user-xxxx/update: sets the public SSH key for `dx ssh_config` (docs/reference/api.md, "Users"). Users change only
// themselves.

import type { z } from 'zod';
import { permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isUserId } from '../../../core/id/identifier.ts';
import { saveSshKey } from '../../../engine/identity/ssh-key.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';
import type { updateUserInput } from '../../schemas/user.ts';

export async function updateUser({ context, caller, subject, input }: KnownCall<z.output<typeof updateUserInput>>) {
  if (!isUserId(subject) || (await loadUser(context, subject)) === undefined) {
    throw resourceNotFound(subject, 'there is no such user');
  }
  if (caller.kind !== 'user' || caller.user !== subject) {
    throw permissionDenied(`update ${subject}`, 'to be that user', caller.kind === 'job' ? 'a job' : caller.user);
  }
  if (input.sshPublicKey !== undefined) await saveSshKey(context, subject, input.sshPublicKey);
  return { id: subject };
}
