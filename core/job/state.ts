// The states of a job as data: what each means to a user, and whether it is an end. transition.ts says how jobs move
// between them.

/** When this platform puts a row into a state. */
type Driven = 'now' | 'ended try only';
type StateFacts = { readonly terminal: boolean; readonly driven: Driven; readonly meaning: string };

/**
 * Every state of docs/reference/api.md, "Job states" (the client also knows `unresponsive`, which its server does not
 * answer any more).
 */
export const jobStates = {
  idle: {
    terminal: false,
    driven: 'now',
    meaning: 'The job exists, but its inputs have not been looked at yet.',
  },
  waiting_on_input: {
    terminal: false,
    driven: 'now',
    meaning: 'An output that its input refers to, an object that is not closed, or something in dependsOn is missing.',
  },
  runnable: {
    terminal: false,
    driven: 'now',
    meaning: 'All inputs are ready. A worker is being started and has not claimed the job yet.',
  },
  running: { terminal: false, driven: 'now', meaning: 'A worker has claimed the job and keeps its lease.' },
  waiting_on_output: {
    terminal: false,
    driven: 'now',
    meaning: 'Its worker is done. Jobs that it started, or outputs that its output refers to, are not.',
  },
  done: {
    terminal: true,
    driven: 'now',
    meaning: 'Its output is checked, its references are resolved, and its objects are cloned to their destination.',
  },
  failed: { terminal: true, driven: 'now', meaning: 'It failed, or a job of its tree failed. failureReason says why.' },
  terminating: {
    terminal: false,
    driven: 'now',
    meaning: 'Its end is decided, but its worker has not stopped yet. It will be failed or terminated.',
  },
  terminated: {
    terminal: true,
    driven: 'now',
    meaning: 'A user ended its tree, or it belonged to a try of its master job that was given up.',
  },
  restartable: {
    terminal: false,
    driven: 'now',
    meaning: 'This try of a master job is given up. The next try begins once all its descendants have stopped.',
  },
  restarted: {
    terminal: true,
    driven: 'ended try only',
    meaning: 'An earlier try is shown like this once a later one has begun.',
  },
  debug_hold: {
    terminal: false,
    driven: 'now',
    meaning:
      'It failed for a reason that its run wants to debug. Its worker and folder are kept for its user to enter.',
  },
} as const satisfies { readonly [state: string]: StateFacts };
export type JobState = keyof typeof jobStates;

/** True for the states that a job never leaves. */
export function isTerminal(state: JobState): boolean {
  return jobStates[state].terminal;
}

/** True for the states in which the token of a job may act. Only a running job may start others. */
export function mayAct(state: JobState): boolean {
  return state === 'running' || state === 'debug_hold';
}

/** True for the name of a state. */
export function isJobState(text: unknown): text is JobState {
  return typeof text === 'string' && Object.hasOwn(jobStates, text);
}
