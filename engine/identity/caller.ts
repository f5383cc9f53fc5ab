// Finds the caller that a token belongs to. api/authenticate.ts reads the token from the request.

import type { Context } from '../../core/context.ts';
import { failureMessages } from '../../core/execution/failure.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { loadJobByToken, parseJobToken, tokenExpiry } from './job-token.ts';
import { loadToken, tokenHash } from './token.ts';

/**
 * The caller of a token. If the token is unknown, expired, revoked or of an ended try, the caller is anonymous, and the
 * reason is given.
 */
export async function loadCallerByToken(context: Context, token: string): Promise<Caller> {
  const parsed = parseJobToken(token);
  if (parsed !== undefined) {
    const job = await loadJobByToken(context, token);
    if (job === undefined) return { kind: 'anonymous', why: 'This job token is not valid, or its try has ended' };
    if (!(context.now() < tokenExpiry(parsed.secret))) {
      return { kind: 'anonymous', why: `This job token has expired. ${failureMessages.treeTooOld(job.root)}` };
    }
    return { kind: 'job', user: job.launchedBy, job };
  }
  const hash = tokenHash(token);
  const facts = await loadToken(context, hash);
  if (facts === undefined) {
    return { kind: 'anonymous', why: 'The token is not valid, has expired or was revoked. Log in again' };
  }
  return { kind: 'user', user: facts.user, tokenHash: hash };
}
