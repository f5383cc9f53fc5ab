// Changes rows that others may be changing at the same time: read, decide, write on a condition, and begin again when somebody
// else was faster.

import { ApiError } from '../../core/error/api-error.ts';

/** What a step answers when its condition failed: somebody else changed the row after it was read. */
export const changed = Symbol('changed by somebody else');

/**
 * Repeats a step until it was not disturbed. A step reads what it changes itself, so that it decides on what is there now.
 *
 * @param what is being changed, as the message of the error names it
 * @param toError makes the error for a step that was disturbed too often; without it, ServiceUnavailable, after which
 *   clients try again by themselves
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
