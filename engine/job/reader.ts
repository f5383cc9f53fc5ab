// Says in whose name the references of a job are read. A job's code may name any id, so what it refers to is looked up
// as the job sees it: at the call or the report, and again when the value is used.

import type { Context } from '../../core/context.ts';
import { isId } from '../../core/id/identifier.ts';
import { isMaster, type JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { createSight, type Sight } from '../access/sight.ts';
import { loadJob } from '../store/load-job.ts';

/**
 * The view in which the input of a job is read. A subjob reads in its own name, because it shares everything with its
 * creator. A master job reads in the name of the caller who ran it: a job, or else the user who launched it.
 */
export async function inputSight(context: Context, row: JobRow, spec: ExecutionSpec): Promise<Sight> {
  if (!isMaster(row)) return outputSight(context, row);
  const by = row.parent ?? (isId(spec.detachedFrom, 'job') ? spec.detachedFrom : undefined);
  const job = by === undefined ? undefined : await loadJob(context, by);
  return job === undefined
    ? createSight(context, { kind: 'user', user: row.launchedBy, tokenHash: '' })
    : outputSight(context, job);
}

/** The view in which a job reads what its output refers to: its own. */
export function outputSight(context: Context, row: JobRow): Sight {
  return createSight(context, { kind: 'job', user: row.launchedBy, job: row });
}
