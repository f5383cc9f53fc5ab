// Changes rows that other calls may change at the same time: it reads, decides, writes on a condition, and starts again
// if another call was faster.

import { ApiError } from '../../core/error/api-error.ts';

/** The result of a step whose condition failed, because another call changed the row after it was read. */
export const changed = Symbol('changed by somebody else');

/**
 * Repeats a step until no other call has disturbed it. The step must read the rows itself, so that it decides on their
 * present values.
 *
 * @param what the thing that is being changed, as the message of the error names it
 * @param toError makes the error for a step that was disturbed too often; without it, ServiceUnavailable, after which
 *   clients retry by themselves
 */
export async function retryWhileChanged<Result>(
  what: string,
  step: () => Promise<Result | typeof changed>,
  toError: (message: string) => Error = (message) => new ApiError('ServiceUnavailable', message),
): Promise<Result> {
  for (let attempt = 0; attempt < attemptLimit; attempt++) {
    const result = await step();
    if (result !== changed) return result;
  }
  throw toError(`Too many other requests are changing ${what} at the same time. Try again in a few seconds`);
}

const attemptLimit = 20;
