// /system/whoami and getUserInfo: the user of the token.

import { z } from 'zod';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import type { UserId } from '../../../core/id/identifier.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';

export const whoamiInput = z.object({ fields: z.object({ clientIp: z.boolean().optional() }).optional() });

/** `clientIp` is the address of the request, as the edge reports it (docs/reference/api.md, "Login"). */
export async function whoami({
  caller,
  input,
  headers,
}: KnownCall<z.output<typeof whoamiInput>>): Promise<{ id: UserId; clientIp?: string }> {
  if (input.fields?.clientIp !== true) return { id: caller.user };
  const clientIp = headers['x-forwarded-for']?.split(',')[0]?.trim() ?? '127.0.0.1';
  return { id: caller.user, clientIp };
}

/** The authentication server's information for a client about its user. */
export async function getUserInfo({ context, caller }: KnownCall<unknown>) {
  const user = await loadUser(context, caller.user);
  if (user === undefined) throw resourceNotFound(caller.user, 'the user of this token is gone');
  return { id: user.id, user_id: user.id, username: user.handle };
}
