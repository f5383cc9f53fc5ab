// The answer of a rule that refuses a request, as a value.

import type { ApiError } from '../error/api-error.ts';

/** The reason why there will be no execution. The caller gets this error. */
export type Refusal = { readonly refused: ApiError };

/**
 * The decision of a rule.
 *
 * @throws ApiError the refusal
 */
export function accepted<Decision extends object>(decision: Decision | Refusal): Decision {
  if ('refused' in decision) throw decision.refused;
  return decision;
}
