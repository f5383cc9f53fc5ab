// The operator's function adds users, issues tokens and finds held jobs by the same functions as the API. It runs in a
// thread of its own with a key that may do everything. Only the owner of the data folder can reach it.

import { createContext } from '../../aws/context.ts';
import { readEnvironment } from '../../aws/environment.ts';
import type { Context } from '../../core/context.ts';
import { ApiError } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import { isId, isUserId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import { createProject, loadMemberships, loadProjects } from '../../engine/container/project.ts';
import { issueToken } from '../../engine/identity/token.ts';
import { createUser, loadUser } from '../../engine/identity/user.ts';
import { loadJob } from '../../engine/store/load-job.ts';
import type { OperatorAnswer, OperatorRequest } from '../../machine/operator/request.ts';

let context: Context | undefined;

export async function handler(request: OperatorRequest): Promise<OperatorAnswer> {
  context ??= createContext(readEnvironment());
  try {
    return await actions[request.action](context, request.name);
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

/** Only a held job can be entered: the folder of a running job belongs to its code. */
async function findHeld(on: Context, job: string): Promise<OperatorAnswer> {
  if (!isId(job, 'job')) return { refusal: `"${job}" is not the id of a job.` };
  const row = await loadJob(on, job);
  if (row === undefined) return { refusal: `There is no ${job} on this platform.` };
  if (row.state === 'debug_hold' && row.task !== undefined)
    return { task: row.task.slice(row.task.lastIndexOf('/') + 1) };
  const advice = 'run it with "dx run --debug-on All", and it is held if it fails';
  return { refusal: `${job} is ${row.state}; only a held job can be entered: ${advice}.` };
}

async function oldestProject(on: Context, user: UserId): Promise<ProjectId | undefined> {
  const projects = (await loadProjects(on, await loadMemberships(on, user))).filter((project) => project !== undefined);
  return projects.sort((left, right) => left.created - right.created)[0]?.id;
}

const actions: { readonly [action in OperatorRequest['action']]: typeof findHeld } = {
  addUser,
  issueToken: newToken,
  enter: findHeld,
};

/** A token of `espalier env` is meant for current work. The token of a new user is valid for a year. */
const sessionMs = 30 * 24 * 3_600_000;
const yearMs = 365 * 24 * 3_600_000;
const passwordBytes = 12;
