// /system/whoami and getUserInfo: who the token speaks for.

import { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import type { UserId } from '../../../core/id/identifier.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';

export const whoamiInput = z.object({ fields: z.object({ clientIp: z.boolean().optional() }).optional() });

/** `clientIp` is the address that the request came from, as the edge tells it (docs/reference/api.md, "Login"). */
export async function whoami({
  caller,
  input,
  headers,
}: KnownCall<z.output<typeof whoamiInput>>): Promise<{ id: UserId; clientIp?: string }> {
  if (input.fields?.clientIp !== true) return { id: caller.user };
  const clientIp = headers['x-forwarded-for']?.split(',')[0]?.trim() ?? '127.0.0.1';
  return { id: caller.user, clientIp };
}

/** What the authentication server says to a client about its user. */
export async function getUserInfo({ context, caller }: KnownCall<unknown>) {
  const user = await loadUser(context, caller.user);
  if (user === undefined) throw resourceNotFound(caller.user, 'the user of this token is gone');
  return { id: user.id, user_id: user.id, username: user.handle };
}
