// /system/describeExecutions: many at once, each described or refused on its own (docs/reference/api.md,
// "Bulk methods").

import type { z } from 'zod';
import { isId } from '../../../core/id/identifier.ts';
import type { KnownCall } from '../../route.ts';
import type { describeExecutionsInput } from '../../schemas/execution.ts';
import { describeOneAnalysis } from '../analysis/describe.ts';
import { describeOneJob } from '../job/describe.ts';
import { describeMany } from './describe-many.ts';

export async function describeExecutions(call: KnownCall<z.output<typeof describeExecutionsInput>>) {
  const { executions, classDescribeOptions } = call.input;
  return describeMany(executions, classDescribeOptions, ({ id }, fields) =>
    (isId(id, 'analysis') ? describeOneAnalysis : describeOneJob)({ ...call, subject: id, input: fields }),
  );
}
