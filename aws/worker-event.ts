// Finds the job of an event from ECS or Step Functions.

import type { JobId } from '../core/id/identifier.ts';
import { readWorkerId } from '../core/id/worker.ts';

/**
 * The parts of an event's detail that name the worker: a task has a group, an execution of the state machine a name.
 */
export type WorkerEventDetail = { readonly group?: string; readonly name?: string };

/** Undefined for an event of the schedule, and for anything that is not a worker of ours. */
export function jobOfEvent(detail: WorkerEventDetail | undefined): JobId | undefined {
  return readWorkerId(detail?.group?.replace(/^worker:/, '') ?? detail?.name ?? '')?.job;
}
