// What has to be known of one reader of a log between two invocations of the function that serves it. JSON: it is passed on
// as a payload.

import type { Context } from '../../core/context.ts';
import { invalidAuthentication, permissionDenied, resourceNotFound } from '../../core/error/api-error.ts';
import { type ExecutionId, isId, type JobId } from '../../core/id/identifier.ts';
import { createSight, seesJob } from '../access/sight.ts';
import { loadTry } from '../execution/try.ts';
import { loadCallerByToken } from '../identity/caller.ts';
import { loadJob } from '../store/load-job.ts';
import { type LogRequest, readLogRequest } from './frame.ts';

/** How far the stream of one try has been sent. */
export type StreamCursor = {
  /** Where its page begins, and how many of the page's lines were sent. */
  readonly token?: string;
  readonly skip?: number;
  /** The number of the last line that was sent. */
  readonly line?: number;
  /** When the next one was printed, if it was read already; in milliseconds since 1970. */
  readonly next?: number;
  readonly ended: boolean;
};
export type LogConnection = Omit<LogRequest, 'token'> & {
  readonly job: JobId;
  readonly root: ExecutionId;
  /** When the connection was opened, and when something was last sent on it, in milliseconds since 1970. */
  readonly openedAt: number;
  readonly sentAt: number;
  /** How many lines are passed over, as they are older than those that the reader wants; absent: not known yet. */
  readonly passOver?: number;
  /** By `<job>#<try>`. */
  readonly streams: { readonly [stream: string]: StreamCursor };
};

/**
 * Authenticates the reader by the client's first frame, and decides that they may read this job's log: who sees the job.
 *
 * @throws ApiError InvalidInput, InvalidAuthentication, ResourceNotFound or PermissionDenied: tell it by `errorFrames`
 */
export async function startLog(
  context: Context,
  firstFrame: string,
  job: string,
  openedAt: number = context.now(),
): Promise<LogConnection> {
  const { token, ...request } = readLogRequest(firstFrame);
  const caller = await loadCallerByToken(context, token);
  if (caller.kind === 'anonymous') throw invalidAuthentication(caller.why);
  const row = isId(job, 'job') ? await loadJob(context, job) : undefined;
  const sight = createSight(context, caller);
  if (row === undefined || row.tombstone === true) throw resourceNotFound(job);
  if (!(await seesJob(sight, row))) {
    // Clients look for PermissionDenied when somebody watches another user's job (docs/reference/api.md,
    // "Describing a job").
    throw permissionDenied(`read the log of ${job}`, 'VIEW in its project', await sight.levelIn(row.project));
  }
  if (request.try !== undefined && (await loadTry(context, row, request.try)) === undefined) {
    throw resourceNotFound(`${job} try ${request.try}`, `its latest try is ${row.try}`);
  }
  const times = { openedAt, sentAt: context.now() };
  return { ...request, job: row.pk, root: row.root, ...times, streams: {} };
}
