// A job that has been decided on and is not yet born: core/run passes it to engine/job/birth.ts.

import type { ExecutionId, JobId } from '../id/identifier.ts';
import type { JobRow } from './row.ts';
import type { ExecutionSpec } from './spec.ts';

/**
 * `row.state` is `idle`, or `runnable` when there is nothing to wait for, nothing to resolve and nothing to pin. The row
 * has no due time yet: birth gives it one. `memberOf` is absent for a job that starts a tree.
 */
export type JobPlan = {
  readonly id: JobId;
  readonly row: JobRow;
  readonly spec: ExecutionSpec;
  readonly memberOf?: { readonly root: ExecutionId; readonly parent: JobId } | undefined;
};
