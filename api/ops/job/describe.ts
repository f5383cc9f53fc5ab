// /job-xxxx/describe (docs/reference/api.md, "Describing a job").

import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { describeJob, type JobFieldRequest, selectJobFields } from '../../../core/execution/job-fields.ts';
import { flatten } from '../../../core/iospec/fill-input.ts';
import type { JobRow } from '../../../core/job/row.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { loadJobFacts } from '../../../engine/execution/facts.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeJobInput } from '../../schemas/execution.ts';
import { visibleTry } from './visible.ts';

export async function describeOneJob(call: KnownCall<DescribeJobInput>): Promise<Hash> {
  const { context, caller, input } = call;
  if (input.fields !== undefined && input.io !== undefined) {
    throw invalidInput('"io" cannot stand beside "fields": name the fields instead');
  }
  const row = await visibleTry(call);
  const [described = {}] = await describeJobs(context, [row], input);
  const isItself = caller.kind === 'job' && caller.job.pk === row.pk;
  return isItself ? asRun(context, row, described) : described;
}

/** What each row, of a job or of an earlier try, shows; parallel to `rows`. */
export async function describeJobs(
  context: Context,
  rows: readonly JobRow[],
  request: JobFieldRequest,
): Promise<Hash[]> {
  const chosen = selectJobFields(request);
  const facts = await loadJobFacts(context, rows, chosen);
  return facts.map((one) => describeJob(one, chosen));
}

/**
 * dxpy takes the input of a running job from its describe: to the job itself arrays are flat (docs/reference/api.md,
 * "Classes of values" and "Python jobs").
 */
async function asRun(context: Context, row: JobRow, described: Hash): Promise<Hash> {
  const { input } = described;
  if (typeof input !== 'object' || input === null) return described;
  const spec = await context.bodies.load(row.pk, 'S');
  const { inputSpec } = spec as { inputSpec?: Parameters<typeof flatten>[0] };
  return { ...described, input: flatten(inputSpec, input as Hash) };
}
