// The operator's function adds users and issues tokens by the same functions as the API. It runs in a thread of its own
// with a key that may do everything. Only the owner of the data folder can reach it.

import { createContext } from '../../aws/context.ts';
import { readEnvironment } from '../../aws/environment.ts';
import type { Context } from '../../core/context.ts';
import { ApiError } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import { isUserId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import { createProject, loadMemberships, loadProjects } from '../../engine/container/project.ts';
import { issueToken } from '../../engine/identity/token.ts';
import { createUser, loadUser } from '../../engine/identity/user.ts';
import type { OperatorAnswer, OperatorRequest } from '../../machine/operator/request.ts';

let context: Context | undefined;

export async function handler(request: OperatorRequest): Promise<OperatorAnswer> {
  context ??= createContext(readEnvironment());
  try {
    return request.action === 'addUser' ? await addUser(context, request.name) : await newToken(context, request.name);
  } catch (error) {
    if (error instanceof ApiError) return { refusal: error.message };
    throw error;
  }
}

async function addUser(on: Context, handle: string): Promise<OperatorAnswer> {
  const password = Buffer.from(on.random(passwordBytes)).toString('base64url');
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

async function newToken(on: Context, handle: string): Promise<OperatorAnswer> {
  const user = `user-${handle}`;
  if (!isUserId(user) || !(await loadUser(on, user))) {
    return { refusal: `There is no user "${handle}": add one with "espalier user add ${handle}".` };
  }
  const token = await issueToken(on, { user, expiresAt: on.now() + sessionMs, label: 'espalier env' });
  const project = await oldestProject(on, user);
  return { user, token, ...given({ project }) };
}

async function oldestProject(on: Context, user: UserId): Promise<ProjectId | undefined> {
  const projects = (await loadProjects(on, await loadMemberships(on, user))).filter((project) => project !== undefined);
  return projects.sort((left, right) => left.created - right.created)[0]?.id;
}

/** A token of `espalier env` is meant for current work. The token of a new user is valid for a year. */
const sessionMs = 30 * 24 * 3_600_000;
const yearMs = 365 * 24 * 3_600_000;
const passwordBytes = 12;
