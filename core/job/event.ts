// What can happen to a job, and what must follow once it has: the words of the state machine (transition.ts).

import type { ContainerId } from '../id/identifier.ts';
import type { WorkerId } from '../id/worker.ts';
import type { Failure } from './failure.ts';

/** Times in milliseconds since 1970. */
export type JobEvent =
  /** Something that it needs is not ready. */
  | { readonly kind: 'wait' }
  /** A wait got further. */
  | { readonly kind: 'progress'; readonly cursor: number | string }
  /** Nothing left to wait for; inputs resolved and placed. */
  | { readonly kind: 'ready' }
  /** A worker took it, or asks again because the answer was lost. */
  | { readonly kind: 'claim'; readonly task: string; readonly tokenHash: string; readonly leaseUntil: number }
  /** Its worker lives. */
  | { readonly kind: 'beat'; readonly leaseUntil: number }
  /** Its worker handed over an output. */
  | { readonly kind: 'finish' }
  /** Members ended, output resolved, checked and cloned. */
  | { readonly kind: 'complete' }
  /** It failed by itself. */
  | { readonly kind: 'fail'; readonly failure: Failure }
  /** Its end was decided elsewhere: its tree failed, somebody terminated it, its master's try was given up. */
  | { readonly kind: 'end'; readonly failure: Failure }
  /** The worker that had to stop has stopped. */
  | { readonly kind: 'stopped' }
  /** A worker was started and ended without claiming. `counted`: not for want of capacity, quota or a host. */
  | { readonly kind: 'relaunch'; readonly counted: boolean }
  /** A master job's try is given up for another one. */
  | { readonly kind: 'giveUp'; readonly failure: Failure }
  /** All descendants of the given-up try have stopped. */
  | { readonly kind: 'retry' }
  /** The sweep looked; it looks again then. */
  | { readonly kind: 'look'; readonly dueAt: number }
  /** All its consequences are done. */
  | { readonly kind: 'settle' };
export type EventKind = JobEvent['kind'];

/** What must follow a change; each is done until it is seen to be done, and may be done twice. */
export type Command =
  | { readonly kind: 'lookAtInput' }
  | { readonly kind: 'launch'; readonly delaySeconds: number }
  | { readonly kind: 'lookAtOutput' }
  | { readonly kind: 'stopWorker'; readonly task: string }
  | { readonly kind: 'stopLaunch'; readonly worker: WorkerId }
  | { readonly kind: 'endDescendants' }
  | { readonly kind: 'endTree' }
  | { readonly kind: 'wakeWaiters' }
  | { readonly kind: 'destroyWorkspace'; readonly container: ContainerId }
  | { readonly kind: 'retry' }
  | { readonly kind: 'settle' };
