// The states of data objects and the operations that each allows, as one table (docs/reference/api.md, "States of data
// objects").

export const objectStates = ['open', 'closing', 'closed'] as const;
export type ObjectState = (typeof objectStates)[number];

/** Operation → the states in which it is allowed. Metadata that is per project can always change. */
export const statesAllowing = {
  setDetails: ['open'],
  addTypes: ['open'],
  removeTypes: ['open'],
  setVisibility: ['open'],
  upload: ['open'],
  rename: ['open', 'closing', 'closed'],
  addTags: ['open', 'closing', 'closed'],
  removeTags: ['open', 'closing', 'closed'],
  setProperties: ['open', 'closing', 'closed'],
  getDetails: ['open', 'closing', 'closed'],
  close: ['open', 'closing', 'closed'],
  remove: ['open', 'closing', 'closed'],
  download: ['closed'],
  clone: ['closed'],
} as const satisfies { readonly [operation: string]: readonly ObjectState[] };
export type ObjectOperation = keyof typeof statesAllowing;

/** Why an operation is refused in a state. Undefined when it is allowed. */
export function refusalInState(id: string, operation: ObjectOperation, state: ObjectState): string | undefined {
  const allowed: readonly ObjectState[] = statesAllowing[operation];
  if (allowed.includes(state)) return undefined;
  return `"${id}" is not in the ${allowed.join(' or ')} state: it is ${state}, so "${operation}" is not possible`;
}
