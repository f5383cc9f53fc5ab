// The faults that a search may plan for.

/** `answers`: answers that are lost. The write has landed, the call that made it throws, and its caller repeats it. */
export type Budget = {
  readonly crashes: number;
  readonly losses: number;
  readonly doubles: number;
  readonly answers?: number;
};
/** The faults that one exploration may contain. Each kind is a test of its own. */
export const budgets: readonly [string, Budget][] = [
  ['nothing goes wrong', { crashes: 0, losses: 0, doubles: 0 }],
  ['any one message is lost', { crashes: 0, losses: 1, doubles: 0 }],
  ['any one message comes twice', { crashes: 0, losses: 0, doubles: 1 }],
  ['any actor dies after any one write', { crashes: 1, losses: 0, doubles: 0 }],
];
/** A write that lands although its caller sees an error. */
export const lostAnswer: [string, Budget] = [
  'the answer of any one write is lost',
  { crashes: 0, losses: 0, doubles: 0, answers: 1 },
];
