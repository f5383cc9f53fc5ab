// Authenticates a reader of a log, and defines the state of its connection. One invocation of the log function passes
// that state to the next as a JSON payload.

import type { Context } from '../../core/context.ts';
import { invalidAuthentication, permissionDenied, resourceNotFound } from '../../core/error/api-error.ts';
import { type ExecutionId, isId, type JobId } from '../../core/id/identifier.ts';
import { createSight, seesExecution } from '../access/sight.ts';
import { loadCallerByToken } from '../identity/caller.ts';
import { loadJob } from '../store/load-job.ts';
import { loadTry } from '../store/load-try.ts';
import { type LogRequest, readLogRequest } from './frame.ts';

/** The position up to which the stream of one try has been sent. */
export type StreamCursor = {
  /** The beginning of a page, and the number of its lines that were sent. */
  readonly token?: string;
  readonly skip?: number;
  /** The number of the last line that was sent. */
  readonly line?: number;
  /** The time of the next line, if it was read already, in milliseconds since 1970. */
  readonly next?: number;
  readonly ended: boolean;
};
export type LogConnection = Omit<LogRequest, 'token'> & {
  readonly job: JobId;
  readonly root: ExecutionId;
  /** The times when the connection was opened and when something was last sent on it, in milliseconds since 1970. */
  readonly openedAt: number;
  readonly sentAt: number;
  /**
   * The number of lines to skip because they are older than those that the reader wants; absent while it is not known.
   */
  readonly passOver?: number;
  /** The tries, as `<job>#<try>`, of which the reader knows that they wait for a worker. */
  readonly waits?: readonly string[];
  /** The cursors by `<job>#<try>`. */
  readonly streams: { readonly [stream: string]: StreamCursor };
};

/**
 * Authenticates the reader by the client's first frame. Every caller who sees a job may read its log.
 *
 * @throws ApiError InvalidInput, InvalidAuthentication, ResourceNotFound or PermissionDenied; send it with
 *   `errorFrames`
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
  if (!(await seesExecution(sight, row))) {
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
