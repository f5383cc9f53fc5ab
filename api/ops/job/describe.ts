// /job-xxxx/describe (docs/reference/api.md, "Describing a job").

import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { maximumReplyBytes, replyTooLarge } from '../../../core/error/reply-limit.ts';
import { describeJob, type JobFieldRequest, selectJobFields } from '../../../core/job/job-fields.ts';
import type { JobRow } from '../../../core/job/row.ts';
import { type Hash, jsonBytes } from '../../../core/reference/value.ts';
import { loadJobFacts } from '../../../engine/execution/facts.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeJobInput } from '../../schemas/execution.ts';
import { visibleTry } from '../execution/visible.ts';

export async function describeOneJob(call: KnownCall<DescribeJobInput>): Promise<Hash> {
  const { context, caller, input } = call;
  if (input.fields !== undefined && input.io !== undefined) {
    throw invalidInput('"io" cannot be combined with "fields": list the fields instead');
  }
  const row = await visibleTry(call);
  // dxpy takes the input of a running job from its describe (docs/reference/api.md, "Python jobs").
  const isItself = caller.kind === 'job' && caller.job.pk === row.pk;
  const [described = {}] = await describeJobs(context, [row], input, isItself ? 'itself' : 'client');
  return described;
}

/**
 * The fields of each row, of a job or of an earlier try; parallel to `rows`.
 *
 * @param reader the caller: the job itself reads its input as its executable does
 */
export async function describeJobs(
  context: Context,
  rows: readonly JobRow[],
  request: JobFieldRequest,
  reader: 'itself' | 'client' = 'client',
): Promise<Hash[]> {
  const chosen = selectJobFields(request);
  const described: Hash[] = [];
  let left = maximumReplyBytes;
  for await (const facts of loadJobFacts(context, rows, chosen, reader)) {
    const one = describeJob(facts, chosen);
    left -= jsonBytes(one, left);
    // The answer is refused before all of it is in memory.
    if (left < 0) throw replyTooLarge();
    described.push(one);
  }
  return described;
}
