// Who is asking: decided once, by the token, before any operation runs.

import type { UserId } from '../id/identifier.ts';
import type { JobRow } from '../job/row.ts';

/**
 * `anonymous` carries why there is no caller, in the words that InvalidAuthentication will use. A job acts for the user
 * who launched its tree, within its own workspace and project; its row was read consistently when the token was checked.
 */
export type Caller =
  | { readonly kind: 'anonymous'; readonly why: string }
  | { readonly kind: 'user'; readonly user: UserId; readonly tokenHash: string }
  | { readonly kind: 'job'; readonly user: UserId; readonly job: JobRow };
export type KnownCaller = Exclude<Caller, { kind: 'anonymous' }>;

/**
 * Whose nonces these are: a user's and each job's are apart (docs/reference/api.md, "Nonces"), and so are a job's
 * tries: what an earlier try made has been ended.
 */
export function callerScope(caller: KnownCaller): string {
  return caller.kind === 'job' ? `${caller.job.pk}:${caller.job.try}` : caller.user;
}
