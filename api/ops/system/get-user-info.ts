// /system/getUserInfo: what the authentication server tells a client about its user.

import { resourceNotFound } from '../../../core/error/api-error.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { KnownCall } from '../../route.ts';

export async function getUserInfo({ context, caller }: KnownCall<unknown>) {
  const user = await loadUser(context, caller.user);
  if (user === undefined) throw resourceNotFound(caller.user, 'the user of this token is gone');
  return { id: user.id, user_id: user.id, username: user.handle };
}
