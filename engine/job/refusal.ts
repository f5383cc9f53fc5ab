// Refusals while a job is moved on. One that cannot pass fails the job; one that may pass is tried again.

import { ApiError, type ErrorType } from '../../core/error/api-error.ts';

/**
 * The reason why something can never be done, as a sentence. Undefined when it is done. A refusal that may pass by
 * itself is thrown.
 */
export async function lastingRefusal(act: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await act();
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && lasting.has(error.type)) return error.message;
    throw error;
  }
}

/** InvalidState is not among them: a folder that is being removed may be made again a moment later. */
const lasting: ReadonlySet<ErrorType> = new Set([
  'InvalidInput',
  'InvalidType',
  'PermissionDenied',
  'ResourceNotFound',
]);
