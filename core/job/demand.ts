// The conditions of a transition beyond the state of the job.

import { maximumTry } from '../id/workspace.ts';
import type { JobEvent } from './event.ts';
import { isMaster, type JobRow } from './row.ts';
import type { DemandName } from './transition.ts';

type Demand = {
  readonly text: string;
  readonly refusal: string;
  readonly met: (row: JobRow, event: JobEvent) => boolean;
  /** A field that must be as it was read when the change is saved. Otherwise the demand may not be met any more. */
  readonly unchanged?: 'dueAt';
};

export const demands: { readonly [name in DemandName]: Demand } = {
  sameTask: {
    text: 'the task that claimed it',
    refusal: 'is claimed by another task',
    met: (row, event) => event.kind === 'claim' && row.task === event.task,
  },
  restartableMaster: {
    text: `a master job, tried fewer than ${maximumTry + 1} times`,
    refusal: 'cannot start again: it is not a master job, or it has been tried too often',
    met: (row) => isMaster(row) && row.try < maximumTry,
  },
  open: {
    text: 'something is still to come',
    refusal: 'has nothing left to come',
    met: (row) => row.dueAt !== undefined,
    unchanged: 'dueAt',
  },
};
