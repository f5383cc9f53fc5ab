// Issues, lists and revokes the tokens of users for the owner of this machine.

import type { Context } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { ProjectId, UserId } from '../../core/id/identifier.ts';
import type { ListedToken, OperatorActions, OperatorReply } from '../../core/operator/request.ts';
import { loadMemberships, loadProjects } from '../container/project.ts';
import { issueToken, loadTokens, revokeToken, tokenHash } from '../identity/token.ts';
import { knownUser, noSuchUser } from './user-action.ts';

export async function newToken(
  on: Context,
  { name, label = 'espalier env', days = sessionDays }: OperatorActions['issueToken']['request'],
): OperatorReply<'issueToken'> {
  const user = await knownUser(on, name);
  if (user === undefined) return noSuchUser(name);
  const token = await issueToken(on, { user, expiresAt: on.now() + days * dayMs, label });
  const project = await oldestProject(on, user);
  return { user, token, ...given({ project }) };
}

export async function listTokens(on: Context, { name }: { readonly name: string }): OperatorReply<'listTokens'> {
  const user = await knownUser(on, name);
  return user === undefined ? noSuchUser(name) : { tokens: await tokensOf(on, user) };
}

export async function withdrawToken(
  on: Context,
  { name, token }: OperatorActions['revokeToken']['request'],
): OperatorReply<'revokeToken'> {
  const user = await knownUser(on, name);
  if (user === undefined) return noSuchUser(name);
  const tokens = await tokensOf(on, user);
  const found = tokens.filter(({ id }) => id === tokenHash(token) || (token !== '' && id.startsWith(token)));
  const [revoked] = found;
  const advice = `"espalier token list --user ${name}" shows the ids of the tokens`;
  if (revoked === undefined) return { refusal: `"${name}" has no token with the id "${token}": ${advice}.` };
  if (found.length > 1) return { refusal: `${found.length} tokens have an id that begins with "${token}": ${advice}.` };
  await revokeToken(on, user, revoked.id);
  return { revoked };
}

/** The oldest first. */
async function tokensOf(on: Context, user: UserId): Promise<ListedToken[]> {
  const tokens = [...(await loadTokens(on, user))];
  return tokens
    .map(([id, { label, created, expiresAt }]) => ({ id, label, created, expiresAt }))
    .sort((left, right) => left.created - right.created);
}

async function oldestProject(on: Context, user: UserId): Promise<ProjectId | undefined> {
  const projects = (await loadProjects(on, await loadMemberships(on, user))).filter((project) => project !== undefined);
  return projects.sort((left, right) => left.created - right.created)[0]?.id;
}

/** A token of `espalier env` is meant for current work. */
const sessionDays = 30;
const dayMs = 24 * 3_600_000;
