// The state machine of a job as two tables. decide.ts applies them; agenda.ts says what each state then calls for.
// The formatter leaves this file alone, so that the columns stay columns.

import type { EventKind, JobEvent } from './event.ts';
import type { JobRow } from './row.ts';
import type { JobState } from './state.ts';

/** `ended`: terminated when the reason is Terminated, otherwise failed. */
export type Target = JobState | 'ended';
/** The changes of an event in the row, apart from the state and the times. */
export type Sets = {
  /** Fields copied from the event. */
  readonly take?: readonly EventField[];
  readonly drop?: readonly (keyof JobRow)[];
  /** The failure of the event becomes the failure of the row. */
  readonly failure?: true;
  /** The next launch, or the next try, begins. */
  readonly begin?: 'launch' | 'try';
};
/** A condition beyond the state. demand.ts says what each means. */
export type DemandName = 'sameTask' | 'restartable' | 'open' | 'otherDoom';
type FieldOf<Event> = Event extends unknown ? keyof Event : never;
/** The fields that some event and the job row have in common. */
type EventField = FieldOf<JobEvent> & keyof JobRow;
type Move = readonly [event: EventKind, from: readonly JobState[], to: Target, sets?: Sets, demand?: DemandName];
type Note = readonly [event: EventKind, from: readonly JobState[], sets: Sets, demand?: DemandName];

const waiting = ['idle', 'waiting_on_input'] as const;
const unclaimed = [...waiting, 'runnable'] as const;
const ended = ['done', 'failed', 'terminated'] as const;
const held = ['running', 'debug_hold'] as const;
const open = [...unclaimed, ...held, 'waiting_on_output', 'terminating', 'restartable', ...ended] as const;
const take = (...fields: readonly EventField[]): Sets => ({ take: fields });
const drop = (...fields: readonly (keyof JobRow)[]): Sets => ({ drop: fields });
const failure: Sets = { failure: true };
/** In the state that follows, a cursor has another meaning or none. */
const failureAnew: Sets = { ...failure, ...drop('cursor') };
const nextTry: Sets = { begin: 'try', take: ['priority'] };
const nextLaunch: Sets = { begin: 'launch' };

/** Every change of state that a job can go through. An event that is in neither table for a state is refused. */
export const moves: readonly Move[] = [
  // event      from                                                to                   sets                                     demand
  ['wait',      ['idle'],                                           'waiting_on_input'],
  ['ready',     waiting,                                            'runnable',          drop('cursor')],
  ['claim',     ['runnable'],                                       'running',           take('task', 'tokenHash', 'leaseUntil')],
  ['finish',    ['running'],                                        'waiting_on_output', drop('leaseUntil')],
  ['complete',  ['running', 'waiting_on_output'],                   'done'],
  ['fail',      [...unclaimed, 'running', 'waiting_on_output'],     'failed',            failure],
  ['hold',      ['running'],                                        'debug_hold',        failureAnew],
  ['release',   ['debug_hold'],                                     'terminating'],
  ['end',       [...unclaimed, 'waiting_on_output'],                'ended',             failure],
  ['end',       [...held, 'restartable'],                           'terminating',       failureAnew],
  ['stopped',   ['terminating', 'debug_hold'],                      'ended'],
  ['giveUp',    [...unclaimed, 'running', 'waiting_on_output'],     'restartable',       failureAnew,                             'restartable'],
  ['retry',     ['restartable'],                                    'idle',              nextTry],
];

/** Events that are only noted in the row: the state stays. */
export const notes: readonly Note[] = [
  // event      from                                                sets                                     demand
  ['claim',     ['running'],                                        take('task', 'tokenHash', 'leaseUntil'), 'sameTask'],
  ['bear',      ['running'],                                        take('cursor')],
  ['progress',  ['waiting_on_input', 'waiting_on_output'],          take('cursor')],
  ['reach',     ['restartable', ...ended],                          take('cursor'),                          'open'],
  ['beat',      held,                                               take('leaseUntil')],
  ['relaunch',  ['runnable'],                                       nextLaunch],
  ['end',       ['terminating'],                                    failure,                                 'otherDoom'],
  ['look',      open,                                               take('dueAt'),                           'open'],
  ['empty',     ended,                                              take('lastPassAt'),                      'open'],
  ['settle',    ended,                                              drop('openShard', 'dueAt', 'lastPassAt'), 'open'],
];

export type Transition = {
  readonly event: EventKind;
  readonly from: readonly JobState[];
  /** `same`: a note. */
  readonly to: Target | 'same';
  readonly sets: Sets;
  readonly demand: DemandName | undefined;
};

/** Both tables in one form. */
export const transitions: readonly Transition[] = [
  ...moves.map(([event, from, to, sets = {}, demand]): Transition => ({ event, from, to, sets, demand })),
  ...notes.map(([event, from, sets, demand]): Transition => ({ event, from, to: 'same', sets, demand })),
];

/** The row of the tables for an event in a state. Undefined when the event cannot happen there. */
export function findTransition(state: JobState, event: JobEvent): Transition | undefined {
  return transitions.find(({ from, event: kind }) => kind === event.kind && from.includes(state));
}
