// Applies the tables of transition.ts: the only function that makes a changed job row out of another. Pure: time is an
// argument.

import type { Failure } from '../execution/failure.ts';
import { demands, type Unchanged } from './demand.ts';
import type { JobEvent } from './event.ts';
import type { JobRow } from './row.ts';
import { fitFailureMessage } from './size.ts';
import { isTerminal, type JobState } from './state.ts';
import { findTransition, type Sets, type Transition } from './transition.ts';

export type Decision =
  /** `unchanged`: a field that must be as it was read when the row is saved, beyond state, try and launch. */
  | { readonly kind: 'change'; readonly row: JobRow; readonly unchanged: Unchanged | undefined }
  | { readonly kind: 'refusal'; readonly why: string };

/**
 * The result of an event: the row as it must be saved, or the reason why the event cannot happen. The caller that saves
 * the row sets the due time.
 *
 * @param now in milliseconds since 1970
 */
export function decide(row: JobRow, event: JobEvent, now: number): Decision {
  const transition = findTransition(row.state, event);
  if (transition === undefined) return refuse(`${row.pk} is ${row.state}: "${event.kind}" cannot happen to it`);
  const demand = transition.demand === undefined ? undefined : demands[transition.demand];
  if (demand !== undefined && !demand.met(row, event)) return refuse(`${row.pk} ${demand.refusal}`);
  const state = targetState(transition, row, event);
  const changed = apply(row, event, transition.sets, now);
  const touched = transition.to !== 'same' || touching.has(event.kind) ? { ...changed, modified: now } : changed;
  const next = state === row.state ? touched : enter(touched, state, row.state, now);
  // The failure of the row decides in which state it ends.
  const unchanged = transition.to === 'ended' && event.kind !== 'end' ? 'failureReason' : demand?.unchanged;
  return { kind: 'change', row: next, unchanged };
}

function targetState({ to }: Transition, row: JobRow, event: JobEvent): JobState {
  if (to === 'same') return row.state;
  if (to !== 'ended') return to;
  const reason = event.kind === 'end' ? event.failure.reason : row.failureReason;
  return reason === 'Terminated' ? 'terminated' : 'failed';
}

/** The changes of the event itself, apart from the state. */
function apply(row: JobRow, event: JobEvent, sets: Sets, now: number): JobRow {
  const taken = Object.entries(event).filter(([name]) => sets.take?.some((field) => field === name));
  const changed = without({ ...row, ...Object.fromEntries(taken) }, ...(sets.drop ?? []));
  if (sets.failure && 'failure' in event) return withFailure(changed, event.failure);
  if (sets.begin === 'launch') return nextLaunch(changed, event.kind === 'relaunch' && event.counted);
  return sets.begin === 'try' ? nextTry(changed, now) : changed;
}

/** The changes that entering a state makes, whatever event led there. */
function enter(row: JobRow, state: JobState, from: JobState, now: number): JobRow {
  const entered: JobRow = {
    ...row,
    state,
    transitions: state === 'idle' ? [] : [...row.transitions, [state, now]],
    ...(state === 'running' ? { startedRunning: now } : {}),
    ...(hasWorker(from) && !hasWorker(state) ? { stoppedRunning: now } : {}),
  };
  if (!isTerminal(state)) return fitFailureMessage(entered);
  // The worker of a job that is done may repeat its report, because its token is still known. It gets an answer.
  const last = without(entered, 'cursor', 'leaseUntil', ...(state === 'done' ? [] : (['tokenHash'] as const)));
  return fitFailureMessage(last);
}

/** In `restartable` the worker of the lost try may still have to be stopped. */
function hasWorker(state: JobState): boolean {
  return state === 'running' || state === 'terminating' || state === 'debug_hold';
}

function withFailure(row: JobRow, { reason, message, from }: Failure): JobRow {
  return {
    ...without(row, 'failureFrom'),
    failureReason: reason,
    failureMessage: message,
    ...(from === undefined || from === row.pk ? {} : { failureFrom: from }),
  };
}

function nextLaunch(row: JobRow, counted: boolean): JobRow {
  const failed = counted ? { failedLaunchCount: (row.failedLaunchCount ?? 0) + 1 } : {};
  return { ...row, ...failed, launch: row.launch + 1 };
}

/** The row of try + 1: as it was born, with its id, times and place in the tree. */
function nextTry(row: JobRow, now: number): JobRow {
  const fresh = without(
    row,
    ...(['startedRunning', 'stoppedRunning', 'task', 'tokenHash', 'leaseUntil', 'cursor'] as const),
    ...(['failureReason', 'failureMessage', 'failureFrom', 'failedLaunchCount'] as const),
  );
  return { ...fresh, try: row.try + 1, launch: 0, tryCreated: now, transitions: [] };
}

function without(row: JobRow, ...names: readonly (keyof JobRow)[]): JobRow {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name as keyof JobRow))) as JobRow;
}

function refuse(why: string): Decision {
  return { kind: 'refusal', why };
}

/** Notes that count as a modification of the job. */
const touching: ReadonlySet<JobEvent['kind']> = new Set(['claim', 'relaunch', 'end']);
