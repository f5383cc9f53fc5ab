// The messages between a kept worker and the platform on the same machine. They pass through a pipe that only the two
// hold, so the platform needs no other proof of who asks.

import type { Claim } from './platform.ts';

export type ToWorker =
  /** A job that the platform has claimed for this worker. `root` is its folder, `task` its handle. */
  | {
      readonly kind: 'run';
      readonly claim: Claim;
      readonly launch: number;
      readonly task: string;
      readonly root: string;
    }
  /** The claim is kept, so the code of the job may begin. */
  | { readonly kind: 'go'; readonly task: string }
  | { readonly kind: 'answer'; readonly id: number; readonly status: number; readonly body: unknown }
  /** The try is not this worker's any more. */
  | { readonly kind: 'stop'; readonly task: string };

export type FromWorker =
  /** `text` is the JSON of the body, which the platform reads as it reads the body of an HTTP request. */
  | { readonly kind: 'ask'; readonly id: number; readonly path: string; readonly token: string; readonly text: string }
  /** Whole lines of the log of a job, each with its line break. */
  | { readonly kind: 'log'; readonly task: string; readonly text: string }
  /** Nothing is left of the job. `isClean`: the worker may take another one. */
  | { readonly kind: 'idle'; readonly task: string; readonly isClean: boolean };
