// Adds users, issues tokens and finds held jobs for the owner of this machine, by the same functions as the API.

import type { Context } from '../core/context.ts';
import { ApiError } from '../core/error/api-error.ts';
import { given } from '../core/given.ts';
import { isId, isUserId, type ProjectId, type UserId } from '../core/id/identifier.ts';
import { createProject, loadMemberships, loadProjects } from './container/project.ts';
import { issueToken } from './identity/token.ts';
import { createUser, loadUser } from './identity/user.ts';
import { loadJob } from './store/load-job.ts';

/** `name` is the name of a user, or for `enter` the id of a job. */
export type OperatorRequest = { readonly action: 'addUser' | 'issueToken' | 'enter'; readonly name: string };
export type OperatorAnswer =
  | { readonly user: string; readonly password?: string; readonly token: string; readonly project?: string }
  /** The id of the task that keeps the job. */
  | { readonly task: string }
  /** In the user's words. */
  | { readonly refusal: string };

/** Refusals are answers. @throws any other Error is a fault of the platform */
export async function operate(context: Context, { action, name }: OperatorRequest): Promise<OperatorAnswer> {
  try {
    return await actions[action](context, name);
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
