// The state machine of a job: one table, and `decide`, the only function that makes a changed job row out of another.
// Pure: time is an argument. Who may cause which event is the engine's to know.

import { maximumTry } from '../id/workspace.ts';
import { followUp } from './consequence.ts';
import type { Command, EventKind, JobEvent } from './event.ts';
import type { Failure } from './failure.ts';
import { isMaster, type JobRow } from './row.ts';
import { fitFailureMessage } from './size.ts';
import { isTerminal, type JobState } from './state.ts';

/** `same`: it stays. `ended`: terminated when the reason is Terminated, else failed. */
type Target = JobState | 'same' | 'ended';
export type Transition = {
  readonly from: readonly JobState[];
  readonly event: EventKind;
  readonly to: Target;
  readonly demand?: DemandName;
  readonly meaning: string;
};

const waiting = ['idle', 'waiting_on_input'] as const;
const unclaimed = [...waiting, 'runnable'] as const;

/** Every change that a job row can go through; what is not here is refused. */
export const transitions: readonly Transition[] = [
  {
    from: ['idle'],
    event: 'wait',
    to: 'waiting_on_input',
    meaning: 'an output, object or job that it needs is not ready',
  },
  {
    from: ['waiting_on_input', 'waiting_on_output'],
    event: 'progress',
    to: 'same',
    meaning: 'what was ready stays ready: the cursor moves on',
  },
  { from: waiting, event: 'ready', to: 'runnable', meaning: 'inputs resolved and placed in the workspace' },
  { from: ['runnable'], event: 'claim', to: 'running', meaning: 'a worker took it; its token and lease begin' },
  {
    from: ['running'],
    event: 'claim',
    to: 'same',
    demand: 'sameTask',
    meaning: 'the answer was lost: the same worker gets a fresh token',
  },
  { from: ['running'], event: 'beat', to: 'same', meaning: 'the lease is extended' },
  {
    from: ['running'],
    event: 'finish',
    to: 'waiting_on_output',
    meaning: 'its worker handed over an output; its token is dead',
  },
  {
    from: ['waiting_on_output'],
    event: 'complete',
    to: 'done',
    meaning: 'members done, output resolved, checked and cloned',
  },
  { from: [...unclaimed, 'running', 'waiting_on_output'], event: 'fail', to: 'failed', meaning: 'it failed by itself' },
  {
    from: [...unclaimed, 'waiting_on_output'],
    event: 'end',
    to: 'ended',
    meaning: 'its tree failed, was terminated, or its master starts again',
  },
  {
    from: ['running', 'restartable'],
    event: 'end',
    to: 'terminating',
    meaning: 'the same; its worker has to stop first',
  },
  { from: ['terminating'], event: 'stopped', to: 'ended', meaning: 'its worker has stopped' },
  {
    from: ['runnable'],
    event: 'relaunch',
    to: 'same',
    meaning: 'a worker ended without claiming it: the next one is started, later each time',
  },
  {
    from: [...unclaimed, 'running', 'waiting_on_output'],
    event: 'giveUp',
    to: 'restartable',
    demand: 'restartableMaster',
    meaning: 'this try was lost with the platform or a machine of it',
  },
  {
    from: ['restartable'],
    event: 'retry',
    to: 'idle',
    meaning: 'all descendants of the old try have stopped: try + 1, in an empty workspace',
  },
  {
    from: [...unclaimed, 'running', 'waiting_on_output', 'terminating', 'restartable', 'done', 'failed', 'terminated'],
    event: 'look',
    to: 'same',
    demand: 'open',
    meaning: 'the sweep looked, and says when it looks again',
  },
  {
    from: ['done', 'failed', 'terminated'],
    event: 'settle',
    to: 'same',
    demand: 'open',
    meaning: 'waiters woken, tree ended, workspace destroyed: nothing follows any more',
  },
];

export type Decision =
  | { readonly kind: 'change'; readonly row: JobRow; readonly commands: readonly Command[] }
  | { readonly kind: 'refusal'; readonly why: string };

/**
 * What an event makes of a job: the row as it must be saved, and what must follow; or why it cannot happen. A pure
 * function of its arguments (docs/reference/api.md, "Job states"). The due time is left to whoever saves the row.
 */
export function decide(row: JobRow, event: JobEvent, now: number): Decision {
  const transition = transitions.find(({ from, event: kind }) => kind === event.kind && from.includes(row.state));
  if (transition === undefined) return refuse(`${row.pk} is ${row.state}: "${event.kind}" cannot happen to it`);
  const demand = transition.demand === undefined ? undefined : demands[transition.demand];
  if (demand !== undefined && !demand.met(row, event)) return refuse(`${row.pk} ${demand.refusal}`);
  const state = targetState(transition.to, row, event);
  const changed = apply(row, event, now);
  const next = state === row.state ? changed : enter(changed, state, row.state, now);
  const moved = next.state !== row.state || next.try !== row.try || next.launch !== row.launch;
  return { kind: 'change', row: next, commands: moved ? followUp(next) : [] };
}

type Demand = {
  readonly text: string;
  readonly refusal: string;
  readonly met: (row: JobRow, event: JobEvent) => boolean;
};
export type DemandName = 'sameTask' | 'restartableMaster' | 'open';
export const demands: { readonly [name in DemandName]: Demand } = {
  sameTask: {
    text: 'the task that claimed it',
    refusal: 'is claimed by another task',
    met: (row, event) => event.kind === 'claim' && row.task === event.task,
  },
  restartableMaster: {
    text: `a master job, tried fewer than ${maximumTry + 1} times`,
    refusal: 'cannot start again: it is no master job, or has been tried too often',
    met: (row) => isMaster(row) && row.try < maximumTry,
  },
  open: {
    text: 'has consequences to come',
    refusal: 'has no consequences left',
    met: (row) => row.dueAt !== undefined,
  },
};

function targetState(to: Target, row: JobRow, event: JobEvent): JobState {
  if (to === 'same') return row.state;
  if (to !== 'ended') return to;
  const reason = event.kind === 'end' ? event.failure.reason : row.failureReason;
  return reason === 'Terminated' ? 'terminated' : 'failed';
}

/** What the event itself changes, the state apart. */
function apply(row: JobRow, event: JobEvent, now: number): JobRow {
  switch (event.kind) {
    case 'wait':
    case 'stopped':
    case 'complete':
      return { ...row, modified: now };
    case 'progress':
      return { ...row, cursor: event.cursor };
    case 'ready':
      return without({ ...row, modified: now }, 'cursor');
    case 'claim':
      return { ...row, task: event.task, tokenHash: event.tokenHash, leaseUntil: event.leaseUntil, modified: now };
    case 'beat':
      return { ...row, leaseUntil: event.leaseUntil };
    case 'finish':
      return without({ ...row, modified: now }, 'leaseUntil');
    case 'fail':
    case 'end':
    case 'giveUp':
      return withFailure({ ...row, modified: now }, event.failure);
    case 'relaunch':
      return nextLaunch(row, event.counted, now);
    case 'retry':
      return nextTry(row, now);
    case 'look':
      return { ...row, dueAt: event.dueAt };
    case 'settle':
      return without(row, 'openShard', 'dueAt');
    default:
      return event satisfies never;
  }
}

/** What entering a state changes, whatever led there. */
function enter(row: JobRow, state: JobState, from: JobState, now: number): JobRow {
  const entered: JobRow = {
    ...row,
    state,
    transitions: state === 'idle' ? [] : [...row.transitions, [state, now]],
    ...(state === 'running' ? { startedRunning: now } : {}),
    ...(hasWorker(from) && !hasWorker(state) ? { stoppedRunning: now } : {}),
  };
  if (!isTerminal(state)) return fitFailureMessage(entered);
  // A worker may still repeat the report of an output, and is told what became of it.
  const ended = without(entered, 'cursor', 'leaseUntil', ...(state === 'done' ? [] : (['tokenHash'] as const)));
  return fitFailureMessage(ended);
}

/** In `restartable` the worker of the lost try may still have to be stopped. */
function hasWorker(state: JobState): boolean {
  return state === 'running' || state === 'terminating';
}

function withFailure(row: JobRow, { reason, message, from }: Failure): JobRow {
  return {
    ...row,
    failureReason: reason,
    failureMessage: message,
    ...(from === undefined || from === row.pk ? {} : { failureFrom: from }),
  };
}

function nextLaunch(row: JobRow, counted: boolean, now: number): JobRow {
  const failed = counted ? { failedLaunchCount: (row.failedLaunchCount ?? 0) + 1 } : {};
  return { ...row, ...failed, launch: row.launch + 1, modified: now };
}

/** The row of try + 1: as it was born, with its id, times and place in the tree kept. */
function nextTry(row: JobRow, now: number): JobRow {
  const fresh = without(
    row,
    ...(['startedRunning', 'stoppedRunning', 'task', 'tokenHash', 'leaseUntil', 'cursor'] as const),
    ...(['failureReason', 'failureMessage', 'failureFrom', 'failedLaunchCount'] as const),
  );
  return { ...fresh, try: row.try + 1, launch: 0, tryCreated: now, modified: now, transitions: [] };
}

function without(row: JobRow, ...names: readonly (keyof JobRow)[]): JobRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name as keyof JobRow))) as JobRow;
}

function refuse(why: string): Decision {
  return { kind: 'refusal', why };
}
