// /system/newAuthToken: a token for a user name and a password (docs/reference/api.md, "Login").

import type { z } from 'zod';
import { ApiError } from '../../../core/error/api-error.ts';
import { issueToken, tokenHash } from '../../../engine/identity/token.ts';
import { checkPassword } from '../../../engine/identity/user.ts';
import type { OpenCall } from '../../route.ts';
import type { newAuthTokenInput } from '../../schemas/user.ts';

export async function newAuthToken({ context, input }: OpenCall<z.output<typeof newAuthTokenInput>>) {
  const handle = input.username.replace(/^user-/, '');
  const user = await checkPassword(context, handle, input.password);
  if (user === undefined) throw new ApiError('UsernameOrPasswordError', 'The user name or the password is not right');
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

const minimumTokenLifeMs = 60_000;
const maximumTokenLifeMs = 365 * 86_400_000;
