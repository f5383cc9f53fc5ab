// /system/newAuthToken and destroyAuthToken: makes a token for a user name and a password, and ends it
// (docs/reference/api.md, "Login").

import type { z } from 'zod';
import { ApiError, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { issueToken, revokeToken, tokenHash } from '../../../engine/identity/token.ts';
import { checkPassword } from '../../../engine/identity/user.ts';
import type { KnownCall, OpenCall } from '../../route.ts';
import type { destroyAuthTokenInput, newAuthTokenInput } from '../../schemas/user.ts';

export async function newAuthToken({ context, input }: OpenCall<z.output<typeof newAuthTokenInput>>) {
  const handle = input.username.replace(/^user-/, '');
  const user = await checkPassword(context, handle, input.password);
  if (user === undefined) throw new ApiError('UsernameOrPasswordError', 'The user name or the password is wrong');
  const now = context.now();
  const latest = now + maximumTokenLifeMs;
  const asked = input.expires ?? latest;
  const expiresAt = Math.min(latest, Math.max(now + minimumTokenLifeMs, asked));
  const token = await issueToken(context, { user, expiresAt, label: 'password login' });
  return {
    access_token: token,
    token_type: 'Bearer',
    token_signature: tokenHash(token),
    user_id: user,
    expires: expiresAt,
  };
}

/**
 * `dx logout`. Users end only their own tokens. `tokenSignature` is the SHA-256 of the token; by default it is the
 * token of this request.
 */
export async function destroyAuthToken({ context, caller, input }: KnownCall<z.output<typeof destroyAuthTokenInput>>) {
  if (caller.kind === 'job') throw permissionDenied('log out', 'the token of a user', 'a job’s');
  const hash = input.tokenSignature ?? caller.tokenHash;
  if (!/^[0-9a-f]{64}$/.test(hash) || !(await revokeToken(context, caller.user, hash))) {
    throw resourceNotFound(`token ${hash.slice(0, 8)}…`, 'you have no such token');
  }
  return { id: caller.user };
}

const minimumTokenLifeMs = 60_000;
const maximumTokenLifeMs = 365 * 86_400_000;
