// A job that has been decided on and is not yet born: core/run passes it to engine/job/birth.ts.

import type { ExecutionId, JobId } from '../id/identifier.ts';
import type { JobRow } from './row.ts';
import type { ExecutionSpec } from './spec.ts';

/**
 * `row` has no due time yet: birth gives it one. `ready` is true when there is nothing to wait for, nothing to resolve and
 * nothing to pin: the job then becomes runnable in the write that makes it. `memberOf` is absent for a job that starts a
 * tree.
 */
export type JobPlan = {
  readonly id: JobId;
  readonly row: JobRow;
  readonly spec: ExecutionSpec;
  readonly ready: boolean;
  readonly memberOf?: { readonly root: ExecutionId; readonly parent: JobId } | undefined;
};
