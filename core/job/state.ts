// The states of a job as data: what each means to a user, and whether it is an end. How jobs move between them is
// transition.ts.

/** When this platform puts a row into a state. `later`: it is in the API, no event leads there yet. */
type Driven = 'now' | 'later' | 'ended try only';
type StateFacts = { readonly terminal: boolean; readonly driven: Driven; readonly meaning: string };

/**
 * Every state of docs/reference/api.md, "Job states" (the client also knows `unresponsive`, which its server no longer
 * answers).
 */
export const jobStates = {
  idle: {
    terminal: false,
    driven: 'now',
    meaning: 'The job exists; nobody has looked yet whether its inputs are ready.',
  },
  waiting_on_input: {
    terminal: false,
    driven: 'now',
    meaning: 'An output that its input refers to, an object that is not closed, or something in dependsOn is missing.',
  },
  runnable: {
    terminal: false,
    driven: 'now',
    meaning: 'All inputs are there; a worker is being started and has not claimed the job yet.',
  },
  running: { terminal: false, driven: 'now', meaning: 'A worker has claimed the job and keeps its lease.' },
  waiting_on_output: {
    terminal: false,
    driven: 'now',
    meaning: 'Its worker is done; jobs that it started, or outputs that its output refers to, are not.',
  },
  done: {
    terminal: true,
    driven: 'now',
    meaning: 'Output checked, references resolved, objects cloned to where they go.',
  },
  failed: { terminal: true, driven: 'now', meaning: 'It, or a job of its tree, failed: failureReason says why.' },
  terminating: {
    terminal: false,
    driven: 'now',
    meaning: 'Its end is decided, its worker has not stopped yet; then it is failed or terminated.',
  },
  terminated: {
    terminal: true,
    driven: 'now',
    meaning: 'Somebody ended its tree, or it belonged to a try of its master job that was given up.',
  },
  restartable: {
    terminal: false,
    driven: 'now',
    meaning: 'This try of a master job is given up; once all its descendants have stopped, the next try begins.',
  },
  restarted: {
    terminal: true,
    driven: 'ended try only',
    meaning: 'How an earlier try is shown once a later one has begun.',
  },
  debug_hold: {
    terminal: false,
    driven: 'later',
    meaning: 'The worker of a failed job is kept for its user to log in.',
  },
} as const satisfies { readonly [state: string]: StateFacts };
export type JobState = keyof typeof jobStates;

/** True for the states that a job never leaves. */
export function isTerminal(state: JobState): boolean {
  return jobStates[state].terminal;
}

/** True for the name of a state. */
export function isJobState(text: unknown): text is JobState {
  return typeof text === 'string' && Object.hasOwn(jobStates, text);
}
