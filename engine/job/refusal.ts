// Tells lasting refusals, which fail a job, from passing ones, after which its step is tried again.

import { ApiError, type ErrorType } from '../../core/error/api-error.ts';

/**
 * The reason why an action can never succeed, as a sentence; undefined when it succeeded. Every other error is thrown.
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

/** InvalidState is not among them: a folder that is being removed may be created again a moment later. */
const lasting: ReadonlySet<ErrorType> = new Set([
  'InvalidInput',
  'InvalidType',
  'PermissionDenied',
  'ResourceNotFound',
]);
