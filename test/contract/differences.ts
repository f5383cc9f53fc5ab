// Where an engine answers a contract check otherwise than the check demands, with who is right and by what source.

export type Difference = {
  /** The id of the check, as in `check('s3/…', …)`. */
  check: string;
  /** The engine whose answer differs: a value of CONTRACT_ENGINE. */
  engine: string;
  right: 'check' | 'engine';
  /** The AWS page, or the observation, that decides. */
  source: string;
};

export const differences: readonly Difference[] = [];
