// The conditions of a transition beyond the state of the job.

import { maximumRestarts } from '../executable/policy.ts';
import type { Failure } from '../execution/failure.ts';
import type { JobEvent } from './event.ts';
import type { JobRow } from './row.ts';
import { fitFailureMessage } from './size.ts';
import type { DemandName } from './transition.ts';

type Demand = {
  readonly text: string;
  readonly refusal: string;
  readonly met: (row: JobRow, event: JobEvent) => boolean;
  /** A field that must be as it was read when the change is saved. Otherwise the demand may not be met any more. */
  readonly unchanged?: Unchanged;
};
/** A field on which a decision depends beyond the state, the try and the launch. */
export type Unchanged = 'dueAt' | 'failureReason';

export const demands: { readonly [name in DemandName]: Demand } = {
  sameTask: {
    text: 'the task that claimed it',
    refusal: 'is claimed by another task',
    met: (row, event) => event.kind === 'claim' && row.task === event.task,
  },
  restartable: {
    text: `restarted fewer than ${maximumRestarts} times`,
    refusal: 'cannot start again: it has been tried too often',
    met: (row) => row.try < maximumRestarts,
  },
  otherDoom: {
    text: 'it is ending with others, or is terminated now, and for another reason',
    refusal: 'is ending by itself, or for that reason',
    met: (row, event) => event.kind === 'end' && mayTake(row, event.failure) && !hasFailure(row, event.failure),
    unchanged: 'failureReason',
  },
  open: {
    text: 'something is still to come',
    refusal: 'has nothing left to come',
    met: (row) => row.dueAt !== undefined,
    unchanged: 'dueAt',
  },
};

/** A failure of the job's own gives way to a termination only. An end that was decided for a whole scope always does. */
function mayTake({ failureReason }: JobRow, { reason }: Failure): boolean {
  return failureReason === 'Terminated' || failureReason === 'JobTreeFailure' || reason === 'Terminated';
}

/** True when the row has this failure, whose message may be cut there. */
function hasFailure(row: JobRow, { reason, message }: Failure): boolean {
  const same = fitFailureMessage({ ...row, failureReason: reason, failureMessage: message });
  return row.failureReason === reason && row.failureMessage === same.failureMessage;
}
