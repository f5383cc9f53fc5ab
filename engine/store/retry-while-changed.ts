// Changes rows that others may be changing at the same time: reads, decides, writes on a condition, and begins again
// when another writer was faster.

import { ApiError } from '../../core/error/api-error.ts';

/** The answer of a step whose condition failed: another writer changed the row after it was read. */
export const changed = Symbol('changed by somebody else');

/**
 * Repeats a step until it was not disturbed. A step reads the rows itself, so that it decides on their present state.
 *
 * @param what the changed thing, as the message of the error names it
 * @param toError makes the error for a step that was disturbed too often; by default ServiceUnavailable, after which
 * clients try again by themselves
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
  throw toError(`Too many others are changing ${what} at the same time. Try again in a few seconds`);
}

const attemptLimit = 20;
