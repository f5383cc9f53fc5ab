// The agenda of a job: the steps that each state calls for, in their order. The stream, a message and the sweep all read
// it, so a step that was interrupted is taken up again from the row alone. engine/advance.ts carries the steps out.
// The formatter leaves this file alone, so that the columns stay columns.

import { isMaster, type JobRow } from './row.ts';
import { isTerminal, type JobState } from './state.ts';
import { wasLaunched } from './worker.ts';

/** `entered`: a record says that the row came into this state, try or launch. `woken`: an edge or a message asks. */
export type Occasion = 'entered' | 'woken' | 'swept';

type StepFacts = {
  readonly meaning: string;
  /** Absent: the step concerns every row in its state. */
  readonly concerns?: (row: JobRow) => boolean;
  /** The step may take more than one message: each takes a page. */
  readonly paged?: true;
  /** The step depends on what a worker or its launch does, so news of them is a reason to look. */
  readonly asksWorker?: true;
};

/** Every step. Each may be repeated: it is done again until it is seen to be done. */
export const steps = {
  obeyDoom:         { meaning: 'end the job if a doom flag is on its tree or on the try of an enclosing master job' },
  endOldTree:       { meaning: 'end the tree if its root is 30 days old', concerns: isRoot },
  advanceInput:     { meaning: 'read its waits, write edges on those that are not ready, then resolve, check and place the input' },
  launch:           { meaning: 'send the message that starts a worker, later after each worker that did not claim' },
  checkLaunch:      { meaning: 'check whether the launch is still under way, and launch again if it is not', asksWorker: true },
  checkWorker:      { meaning: 'check whether the worker is still running, within its lease and the time limit of the job or of its hold', asksWorker: true },
  advanceOutput:    { meaning: 'read its members and the references of its output, then resolve, check and clone the output' },
  awaitStop:        { meaning: 'stop the worker and wait until it has stopped', asksWorker: true },
  stopWorker:       { meaning: 'stop the task whose worker claimed it', concerns: isClaimed, asksWorker: true },
  stopLaunch:       { meaning: 'stop a launch that did not claim it', concerns: isLaunched },
  takeBack:         { meaning: 'remove the clones that were made of its output', concerns: handsOver },
  endTree:          { meaning: 'write the doom flag, then end every job of the tree', paged: true },
  endDescendants:   { meaning: 'end everything below the given-up try', paged: true },
  awaitDescendants: { meaning: 'wait until everything below the given-up try has stopped, and its worker', concerns: (row) => !isMaster(row), asksWorker: true },
  wakeWaiters:      { meaning: 'look at every job that has an edge on this one', paged: true },
  passNumberOn:     { meaning: 'give the number of its worker to the job that waits longest for one', concerns: wasLaunched },
  endWorker:        { meaning: 'stop its worker if that still runs after the grace time', concerns: isClaimed },
  releaseWorker:    { meaning: 'stop its worker after the grace time, and wait until it is gone', concerns: isClaimed },
  destroyWorkspace: { meaning: 'empty the workspace once nothing can write to it; before a next try, place the input in its workspace', concerns: isMaster, paged: true },
  lastPass:         { meaning: 'empty the workspaces of all tries again, and take clones back again, once everything that was under way has ended', concerns: isMaster, paged: true },
  retry:            { meaning: 'store the ended try, and begin the next one' },
  settle:           { meaning: 'leave the index of the sweep' },
} as const satisfies { readonly [name: string]: StepFacts };
export type Step = keyof typeof steps;
type Paged<Name extends Step> = (typeof steps)[Name] extends { readonly paged: true } ? Name : never;
export type PagedStep = { [Name in Step]: Paged<Name> }[Step];

/** How long the sweep leaves a row alone if nothing has moved it (due.ts). */
export type Patience = 'queued' | 'waiting' | 'lease' | 'period' | 'grace';
type Item = Step | { readonly step: Step; readonly on: readonly Occasion[] };
type Agenda = readonly [patience: Patience, ...items: readonly Item[]];

const onEntry = (step: Step): Item => ({ step, on: ['entered'] });
const onSweep = (step: Step): Item => ({ step, on: ['swept'] });
/** The look that led to the state has just done the step. */
const later = (step: Step): Item => ({ step, on: ['woken', 'swept'] });

export const agenda: { readonly [state in JobState]: Agenda } = {
  // state             patience   steps
  idle:              ['waiting', 'obeyDoom', onSweep('endOldTree'), 'advanceInput'],
  waiting_on_input:  ['waiting', later('obeyDoom'), onSweep('endOldTree'), later('advanceInput')],
  runnable:          ['queued',  onEntry('launch'), onSweep('obeyDoom'), onSweep('endOldTree'), onSweep('checkLaunch')],
  running:           ['lease',   onSweep('obeyDoom'), onSweep('endOldTree'), onSweep('checkWorker')],
  waiting_on_output: ['waiting', onEntry('passNumberOn'), 'obeyDoom', onSweep('endOldTree'), onSweep('endWorker'), 'advanceOutput'],
  terminating:       ['period',  'awaitStop'],
  restartable:       ['period',  'obeyDoom', onSweep('endOldTree'), 'stopWorker', 'stopLaunch', 'takeBack', 'endDescendants', 'awaitDescendants', 'destroyWorkspace', 'passNumberOn', 'retry'],
  done:              ['grace',   'wakeWaiters', 'passNumberOn', 'destroyWorkspace', 'releaseWorker', 'lastPass', 'settle'],
  failed:            ['period',  'stopLaunch', 'endTree', 'takeBack', 'wakeWaiters', 'passNumberOn', 'destroyWorkspace', 'releaseWorker', 'lastPass', 'settle'],
  terminated:        ['period',  'stopLaunch', 'endTree', 'takeBack', 'wakeWaiters', 'passNumberOn', 'destroyWorkspace', 'releaseWorker', 'lastPass', 'settle'],
  restarted:         ['period'],
  debug_hold:        ['lease',   'obeyDoom', onSweep('endOldTree'), onSweep('checkWorker')],
};

/** The steps that a row calls for, in their order. There are none when nothing is left to do. */
export function stepsFor(row: JobRow, occasion: Occasion): readonly Step[] {
  if (isTerminal(row.state) && row.dueAt === undefined) return [];
  const all = stepsOf(row.state, occasion);
  const left = row.lastPassAt === undefined ? all : all.slice(all.indexOf('lastPass'));
  return left.filter((step) => {
    const facts: StepFacts = steps[step];
    return facts.concerns?.(row) ?? true;
  });
}

/** The states in which an occasion calls for any step. The filter of the stream lets these through. */
export function statesWithAgenda(occasion: Occasion): JobState[] {
  return (Object.keys(agenda) as JobState[]).filter((state) => stepsOf(state, occasion).length > 0);
}

/** True for a state in which news of a worker or a launch is a reason to look. */
export function asksWorker(state: JobState): boolean {
  return stepsOf(state, 'swept').some((step) => 'asksWorker' in steps[step]);
}

/** True for a step that goes on by messages. */
export function isPaged(step: unknown): step is PagedStep {
  return typeof step === 'string' && Object.hasOwn(steps, step) && 'paged' in steps[step as Step];
}

function stepsOf(state: JobState, occasion: Occasion): Step[] {
  const [, ...items] = agenda[state];
  return items.flatMap((item) => (typeof item === 'string' ? [item] : item.on.includes(occasion) ? [item.step] : []));
}

function isRoot(row: JobRow): boolean {
  return row.root === row.pk;
}

function isClaimed(row: JobRow): boolean {
  return row.task !== undefined;
}

/** A worker may have reported an output whose objects go to another place. */
function handsOver(row: JobRow): boolean {
  return isMaster(row) && isClaimed(row);
}

/** A worker was started and did not claim the job: nothing else ends it. */
function isLaunched(row: JobRow): boolean {
  return row.task === undefined && wasLaunched(row);
}
