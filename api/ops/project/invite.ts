// /project-xxxx/invite: makes a user a member, or raises their level (docs/reference/api.md, "Project methods").

import type { z } from 'zod';
import { atLeast } from '../../../core/access/level.ts';
import { invalidInput, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, isUserId } from '../../../core/id/identifier.ts';
import { loadMember, setMember } from '../../../engine/container/project.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { PlaceCall } from '../../route.ts';
import type { inviteInput } from '../../schemas/project.ts';

/** A lower level than the present one changes nothing: decreasePermissions lowers levels. */
export async function invite({ context, place, input }: PlaceCall<z.output<typeof inviteInput>>) {
  if (!isId(place, 'project')) throw resourceNotFound(place);
  const { invitee, level } = input;
  if (level === 'NONE')
    throw invalidInput('expected key "level" of input to be VIEW, UPLOAD, CONTRIBUTE or ADMINISTER');
  if (invitee === 'PUBLIC' && level !== 'VIEW') throw invalidInput('"PUBLIC" can be invited with the level VIEW only');
  const member = invitee === 'PUBLIC' ? invitee : isUserId(invitee) ? invitee : undefined;
  const known = member === 'PUBLIC' || (member !== undefined && (await loadUser(context, member)) !== undefined);
  if (member === undefined || !known)
    throw resourceNotFound(invitee, 'there is no such user: give "user-<name>" or "PUBLIC"');
  const held = await loadMember(context, place, member);
  if (!atLeast(held, level)) await setMember(context, place, member, level);
  return { id: place, state: 'accepted' };
}
