// /project-xxxx/decreasePermissions lowers memberships or, by null, ends them; and /project-xxxx/leave
// (docs/reference/api.md, "Project methods").

import { atLeast, type Level, weaker } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { invalidState, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, isUserId, type ProjectId } from '../../../core/id/identifier.ts';
import type { Member } from '../../../core/row/containers.ts';
import { changeMembers } from '../../../engine/container/project.ts';
import { loadUser } from '../../../engine/identity/user.ts';
import type { PlaceCall } from '../../route.ts';

/** Everybody may lower their own level, an administrator that of everybody. */
export async function decreasePermissions(call: PlaceCall<Record<string, Level | null>>) {
  const { context, caller, place, level, input } = call;
  const changes = new Map<Member, Level | undefined>();
  for (const [member, wanted] of Object.entries(input)) {
    if (!isMember(member) || !(await exists(context, member))) {
      throw resourceNotFound(member.slice(0, 80), 'there is no such user: give "user-<name>" or "PUBLIC"');
    }
    changes.set(member, wanted === null || wanted === 'NONE' ? undefined : wanted);
  }
  refuseJob(call);
  const onlySelf = [...changes.keys()].every((member) => member === caller.user);
  if (!onlySelf && !atLeast(level, 'ADMINISTER')) {
    throw permissionDenied(`lower other members’ levels in ${place}`, 'ADMINISTER', level);
  }
  if (!isId(place, 'project')) throw resourceNotFound(place);
  await lower(context, place, changes);
  return { id: place };
}

/**
 * A job speaks for its user, who did not ask for this. It therefore needs ADMINISTER in the access of its executable.
 */
function refuseJob({ caller, place, level }: PlaceCall<unknown>): void {
  if (caller.kind !== 'job' || atLeast(level, 'ADMINISTER')) return;
  throw permissionDenied(`change who is a member of ${place}`, 'ADMINISTER', level);
}

function isMember(text: string): text is Member {
  return text === 'PUBLIC' || isUserId(text);
}

async function exists(context: Context, member: Member): Promise<boolean> {
  return member === 'PUBLIC' || (await loadUser(context, member)) !== undefined;
}

export async function leave(call: PlaceCall<unknown>) {
  const { context, caller, place } = call;
  refuseJob(call);
  if (!isId(place, 'project')) throw resourceNotFound(place);
  await lower(context, place, new Map([[caller.user, undefined]]));
  return { id: place };
}

/**
 * The decision and the change are one step. Otherwise two administrators could leave at once, each relying on the
 * other.
 */
async function lower(context: Context, place: ProjectId, changes: ReadonlyMap<Member, Level | undefined>) {
  await changeMembers(context, place, (members) => {
    const after = new Map(members);
    const changed = new Map<Member, Level | undefined>();
    for (const [member, level] of changes) {
      const held = members.get(member);
      const lowered = held === undefined || level === undefined ? undefined : weaker(held, level);
      if (held === lowered) continue;
      changed.set(member, lowered);
      if (lowered === undefined) after.delete(member);
      else after.set(member, lowered);
    }
    if (![...after.values()].includes('ADMINISTER')) {
      throw invalidState(`${place} would be left without an administrator: invite another one first, or destroy it`);
    }
    return changed;
  });
}
