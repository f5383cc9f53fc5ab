// The answer of a rule that refuses a request, as a value.

import type { ApiError } from '../error/api-error.ts';

/** Why there will be no execution. The error is what the caller gets. */
export type Refusal = { readonly refused: ApiError };

/**
 * What a rule decided.
 *
 * @throws ApiError what it refused with
 */
export function accepted<Decision extends object>(decision: Decision | Refusal): Decision {
  if ('refused' in decision) throw decision.refused;
  return decision;
}
