// /system/findJobs: findExecutions for jobs only.

import type { KnownCall } from '../../route.ts';
import type { FindExecutionsInput } from '../../schemas/execution.ts';
import { type Found, findExecutions } from './find-executions.ts';

export function findJobs(call: KnownCall<FindExecutionsInput>): Promise<Found> {
  return findExecutions({ ...call, input: { ...call.input, class: 'job' } });
}
