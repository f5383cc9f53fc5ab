// Refusals in the middle of a job's way: one that stays is why the job fails, one that passes is tried again.

import { ApiError, type ErrorType } from '../../core/error/api-error.ts';

/** Why something can never be done, as a sentence; undefined when it is done. What may pass by itself is thrown on. */
export async function lastingRefusal(act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && lasting.has(error.type)) return error.message;
    throw error;
  }
}

/** InvalidState is none of them: a folder that is being removed may be made again a moment later. */
const lasting: ReadonlySet<ErrorType> = new Set([
  'InvalidInput',
  'InvalidType',
  'PermissionDenied',
  'ResourceNotFound',
]);
