// Answers the requests that the owner of the data folder sends through the control socket.

import { userInfo } from 'node:os';
import type { AnswerTo, EnterAnswer, OperatorRequest } from './request.ts';

/** The parts of a running platform that the desk needs, whichever runtime it is. */
export type OperatedPlatform = {
  readonly url: string;
  readonly counts: ReadonlyMap<string, number>;
  readonly folder: { firstUser(): string | undefined };
  readonly operator: { ask<Request extends OperatorRequest>(request: Request): Promise<AnswerTo<Request>> };
};

/** The requests of `espalier env`, `espalier user add` and `espalier enter`. */
export type DeskRequest =
  | { readonly action: 'addUser'; readonly name: string }
  | { readonly action: 'issueToken'; readonly name?: string | undefined }
  | { readonly action: 'enter'; readonly name: string }
  | { readonly action: 'counts' };

/** The answer to a token: everything that `dx` needs. */
export type Session = {
  readonly url: string;
  readonly user: string;
  readonly token: string;
  readonly project?: string;
};
export type NewUser = Session & { readonly password?: string };
export type HeldJob = EnterAnswer;
export type DeskRefusal = { readonly refusal: string };

/** Refusals are returned as `{ refusal }`. */
export async function answerOperator(platform: OperatedPlatform, request: unknown): Promise<object> {
  const { action, name } = request as { action?: unknown; name?: unknown };
  if (action === 'counts') return Object.fromEntries(platform.counts);
  if (action !== 'addUser' && action !== 'issueToken' && action !== 'enter') {
    return { refusal: `There is no action "${String(action)}".` };
  }
  const handle = typeof name === 'string' ? name : (platform.folder.firstUser() ?? firstUserName(process.env));
  try {
    return { url: platform.url, ...(await platform.operator.ask({ action, name: handle })) };
  } catch (error) {
    return { refusal: (error as Error).message };
  }
}

/** The first user has the name of the machine's user, as far as that is a valid name here. */
export function firstUserName(environment: Readonly<NodeJS.ProcessEnv>): string {
  const name = (environment.USER || nameOfAccount()).toLowerCase().replace(/[^a-z0-9._-]/g, '');
  return /^[a-z0-9]/.test(name) ? name.slice(0, 64) : 'user';
}

function nameOfAccount(): string {
  try {
    return userInfo().username;
  } catch {
    // The account has no entry, as in many containers.
    return 'user';
  }
}
