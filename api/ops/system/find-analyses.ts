// /system/findAnalyses: findExecutions for analyses only.

import type { KnownCall } from '../../route.ts';
import type { FindExecutionsInput } from '../../schemas/execution.ts';
import { type Found, findExecutions } from './find-executions.ts';

export function findAnalyses(call: KnownCall<FindExecutionsInput>): Promise<Found> {
  return findExecutions({ ...call, input: { ...call.input, class: 'analysis' } });
}
