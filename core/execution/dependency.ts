// The conditions that must hold before an execution can continue.

import type { ExecutionId, ObjectId } from '../id/identifier.ts';

/** An execution must be done; an object must be closed, with the hidden objects that it links to. */
export type Dependency =
  | { readonly kind: 'execution'; readonly execution: ExecutionId }
  | { readonly kind: 'object'; readonly object: ObjectId };
