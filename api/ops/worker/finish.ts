// /_worker/finish: reports how a job ended. May be repeated.

import { z } from 'zod';
import { invalidInput } from '../../../core/error/api-error.ts';
import { exceedsDepth, type Hash, isHash, maximumDepth } from '../../../core/reference/value.ts';
import { type Finished, finish } from '../../../engine/job/finish.ts';
import type { JobCall } from '../../route.ts';

export const finishInput = z
  .union([
    z.object({ output: z.custom<Hash>(isHash, 'be a hash') }),
    z.object({ failure: z.object({ type: z.string().max(1_000), message: z.string() }) }),
  ])
  .describe('`output`, or `failure`');

export async function finishJob(call: JobCall<z.output<typeof finishInput>>): Promise<Finished> {
  const { context, caller, input } = call;
  if ('output' in input && exceedsDepth(input.output)) {
    throw invalidInput(`the output nests arrays and hashes deeper than ${maximumDepth} levels`);
  }
  return finish(context, caller.job, input);
}
