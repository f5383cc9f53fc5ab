// The job of a path, for a caller who may see it or act on it. The operations on jobs share this.

import { atLeast, type Level } from '../../../core/access/level.ts';
import { permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import type { JobRow } from '../../../core/job/row.ts';
import { createSight, seesJob } from '../../../engine/access/sight.ts';
import { loadJob } from '../../../engine/store/load-job.ts';
import { loadTry } from '../../../engine/store/load-try.ts';
import type { KnownCall } from '../../route.ts';

/**
 * The job's row. ResourceNotFound when the caller may not see its project. PermissionDenied when they see it and need
 * `level` there for what `doing` says. A job may act on the jobs of its own tree.
 */
export async function visibleJob(
  { context, caller, subject }: KnownCall<unknown>,
  doing = 'describe it',
  level: Level = 'VIEW',
): Promise<JobRow> {
  const row = isId(subject, 'job') ? await loadJob(context, subject) : undefined;
  const sight = createSight(context, caller);
  if (row === undefined || !(await seesJob(sight, row))) throw resourceNotFound(subject);
  if (caller.kind === 'job' && caller.job.root === row.root) return row;
  const held = await sight.levelIn(row.project);
  if (!atLeast(held, level)) throw permissionDenied(`${doing} (${row.pk} in ${row.project})`, level, held);
  return row;
}

/** The row of the try that the input names, else of the present one. ResourceNotFound when there is none. */
export async function visibleTry(
  call: KnownCall<{ readonly try?: number | null | undefined }>,
  doing?: string,
  level?: Level,
): Promise<JobRow> {
  const row = await visibleJob(call, doing, level);
  const attempt = call.input.try ?? row.try;
  const found = await loadTry(call.context, row, attempt);
  if (found === undefined) throw resourceNotFound(`${row.pk} try ${attempt}`, `its latest try is ${row.try}`);
  return found;
}
