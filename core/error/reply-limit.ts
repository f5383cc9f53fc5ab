// The size of an answer, which a synchronous function limits.

import { type ApiError, invalidInput } from './api-error.ts';

/** The refusal of a request whose answer would be larger than `maximumReplyBytes`. */
export function replyTooLarge(): ApiError {
  return invalidInput('The answer would be larger than 4 MB: ask for fewer fields, or for a smaller page with "limit"');
}

/** A synchronous function answers at most 6 MB, as escaped text (docs/reference/aws.md, "Size of a reply"). */
export const maximumReplyBytes = 4 * 1024 * 1024;
