// Adds, lists and removes users, and sets their passwords, for the owner of this machine.

import type { Context } from '../../core/context.ts';
import { isUserId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import type { OperatorActions, OperatorRefusal, OperatorReply } from '../../core/operator/request.ts';
import { forgetUser } from '../app/forget-user.ts';
import { changeMembers, createProject, loadMembers, loadMemberships, loadProjects } from '../container/project.ts';
import { destroyProject } from '../destroy-project.ts';
import { issueToken } from '../identity/token.ts';
import { createUser, loadUser, loadUsers, removeUser, setPassword } from '../identity/user.ts';

export async function addUser(on: Context, { name: handle }: { readonly name: string }): OperatorReply<'addUser'> {
  const password = randomPassword(on);
  const user = await createUser(on, { handle, password });
  const project = await createProject(on, {
    name: `${handle}'s project`,
    summary: '',
    description: '',
    settings: {},
    tags: [],
    properties: {},
    createdBy: user,
    billTo: user,
  });
  const token = await issueToken(on, { user, expiresAt: on.now() + yearMs, label: 'espalier user add' });
  return { user, password, token, project };
}

export async function listUsers(on: Context): OperatorReply<'listUsers'> {
  return { users: (await loadUsers(on)).map(({ handle, created }) => ({ name: handle, created })) };
}

export async function changePassword(
  on: Context,
  { name, password = randomPassword(on) }: OperatorActions['setPassword']['request'],
): OperatorReply<'setPassword'> {
  const user = await knownUser(on, name);
  if (user === undefined) return noSuchUser(name);
  if (password === '') return { refusal: 'The new password is empty.' };
  return (await setPassword(on, user, password)) ? { user, password } : noSuchUser(name);
}

/**
 * A project that only this user administers would be out of everybody's reach, so it is destroyed, or the user stays.
 * In other projects the membership ends, as the rights in apps do. Jobs of the user in them then fail, as those of every
 * launcher without access.
 */
export async function dropUser(
  on: Context,
  { name, withProjects }: OperatorActions['removeUser']['request'],
): OperatorReply<'removeUser'> {
  const user = await knownUser(on, name);
  if (user === undefined) return noSuchUser(name);
  const own: ProjectId[] = [];
  const shared: ProjectId[] = [];
  for (const project of await loadProjects(on, await loadMemberships(on, user))) {
    if (project === undefined) continue;
    const members = await loadMembers(on, project.id);
    const others = [...members].filter(([member, level]) => member !== user && level === 'ADMINISTER');
    if (members.has(user)) (others.length > 0 ? shared : own).push(project.id);
  }
  if (own.length > 0 && !withProjects) {
    const what =
      own.length === 1 ? `the project ${own[0]}` : `${own.length} projects (${own.slice(0, 3).join(', ')} …)`;
    const advice = 'give another user ADMINISTER there (dx invite), or use --with-projects to destroy what is in them';
    return { refusal: `Nobody but "${name}" administers ${what}: ${advice}.` };
  }
  for (const project of own) await destroyProject(on, project, user, { endTrees: true });
  for (const project of shared) await changeMembers(on, project, () => new Map([[user, undefined]]));
  await forgetUser(on, user);
  await removeUser(on, user);
  return { removed: user, destroyed: own };
}

/** The id of a user of that name; undefined when there is none. */
export async function knownUser(on: Context, handle: string): Promise<UserId | undefined> {
  const user = `user-${handle}`;
  return isUserId(user) && (await loadUser(on, user)) !== undefined ? user : undefined;
}

export function noSuchUser(handle: string): OperatorRefusal {
  return { refusal: `There is no user "${handle}": add one with "espalier user add ${handle}".` };
}

function randomPassword(on: Context): string {
  return Buffer.from(on.random(passwordBytes)).toString('base64url');
}

/** The token of a new user is valid for a year. */
const yearMs = 365 * 24 * 3_600_000;
const passwordBytes = 12;
