// Turns a refusal that core returns as a value into the error that the caller gets.

import { invalidInput } from '../../../core/error/api-error.ts';

/** The value, unless there is a problem with it: then InvalidInput. */
export function allowed<Value>(outcome: { readonly value: Value } | { readonly problem: string }): Value {
  if ('problem' in outcome) throw invalidInput(outcome.problem);
  return outcome.value;
}
