// The caller of a request. The token decides it, once, before any operation runs.

import type { UserId } from '../id/identifier.ts';
import type { JobRow } from '../job/row.ts';

/**
 * `anonymous` holds the reason why there is no caller, in the words of InvalidAuthentication. It is `isPublic` when the
 * token was the one that clients send without a login. A job acts for the user who launched its tree, within its own
 * workspace and project. Its row was read consistently when the token was checked.
 */
export type Caller =
  | { readonly kind: 'anonymous'; readonly why: string; readonly isPublic?: true }
  | { readonly kind: 'user'; readonly user: UserId; readonly tokenHash: string }
  | { readonly kind: 'job'; readonly user: UserId; readonly job: JobRow };
export type KnownCaller = Exclude<Caller, { readonly kind: 'anonymous' }>;

/**
 * The owner of the caller's nonces. A user's nonces and each job's are apart (docs/reference/api.md, "Nonces"). A job's
 * tries are apart too, because everything that an earlier try made has been ended.
 */
export function callerScope(caller: KnownCaller): string {
  return caller.kind === 'job' ? `${caller.job.pk}:${caller.job.try}` : caller.user;
}
