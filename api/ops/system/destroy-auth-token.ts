// /system/destroyAuthToken: `dx logout`. Only one's own tokens.

import type { z } from 'zod';
import { permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { revokeToken } from '../../../engine/identity/token.ts';
import type { KnownCall } from '../../route.ts';
import type { destroyAuthTokenInput } from '../../schemas/user.ts';

/** `tokenSignature` is the SHA-256 of the token; without one, the token of this request. */
export async function destroyAuthToken({ context, caller, input }: KnownCall<z.output<typeof destroyAuthTokenInput>>) {
  if (caller.kind === 'job') throw permissionDenied('log out', 'the token of a user', 'a job’s');
  const hash = input.tokenSignature ?? caller.tokenHash;
  if (!/^[0-9a-f]{64}$/.test(hash) || !(await revokeToken(context, caller.user, hash))) {
    throw resourceNotFound(`token ${hash.slice(0, 8)}…`, 'you have no such token');
  }
  return { id: caller.user };
}
