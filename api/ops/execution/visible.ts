// The execution of a path, for a caller who may see it or act on it. The operations on executions share this.

import { atLeast, type Level } from '../../../core/access/level.ts';
import type { AnalysisRow } from '../../../core/analysis/row.ts';
import { permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isExecutionId } from '../../../core/id/identifier.ts';
import type { JobRow } from '../../../core/job/row.ts';
import { type ExecutionRow, isJob } from '../../../core/row/execution/execution.ts';
import { createSight, seesExecution } from '../../../engine/access/sight.ts';
import { loadExecution } from '../../../engine/store/load-job.ts';
import { loadTry } from '../../../engine/store/load-try.ts';
import type { KnownCall } from '../../route.ts';

/**
 * The row of an execution. ResourceNotFound when the caller may not see its project. PermissionDenied when they see it and
 * need `level` there for what `doing` says. A job may act on the executions of its own tree.
 */
export async function visibleExecution(
  { context, caller, subject }: KnownCall<unknown>,
  doing = 'describe it',
  level: Level = 'VIEW',
): Promise<ExecutionRow> {
  const row = isExecutionId(subject) ? await loadExecution(context, subject) : undefined;
  const sight = createSight(context, caller);
  if (row === undefined || !(await seesExecution(sight, row))) throw resourceNotFound(subject);
  if (caller.kind === 'job' && caller.job.root === row.root) return row;
  const held = await sight.levelIn(row.project);
  if (!atLeast(held, level)) throw permissionDenied(`${doing} (${row.pk} in ${row.project})`, level, held);
  return row;
}

/** The row of the job of a path, as `visibleExecution`. */
async function visibleJob(call: KnownCall<unknown>, doing?: string, level?: Level): Promise<JobRow> {
  const row = await visibleExecution(call, doing, level);
  if (!isJob(row)) throw resourceNotFound(call.subject);
  return row;
}

/** The row of the analysis of a path, as `visibleExecution`. */
export async function visibleAnalysis(call: KnownCall<unknown>, doing?: string, level?: Level): Promise<AnalysisRow> {
  const row = await visibleExecution(call, doing, level);
  if (isJob(row)) throw resourceNotFound(call.subject);
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
