// The events of a job: the words of the state machine (transition.ts).

import type { Failure } from '../execution/failure.ts';
import type { PagedStep } from './agenda.ts';
import type { beforeMembers, JobRow } from './row.ts';

/** Times are in milliseconds since 1970. `eventMeanings` says what each event means. */
export type JobEvent =
  | { readonly kind: 'wait' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'claim'; readonly task: string; readonly tokenHash: string; readonly leaseUntil: number }
  | { readonly kind: 'bear'; readonly cursor: typeof beforeMembers }
  | { readonly kind: 'finish' }
  | { readonly kind: 'complete' }
  | { readonly kind: 'fail'; readonly failure: Failure }
  | { readonly kind: 'end'; readonly failure: Failure }
  /** The failure of the job, which becomes its end when the hold is over. */
  | { readonly kind: 'hold'; readonly failure: Failure }
  | { readonly kind: 'release' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'giveUp'; readonly failure: Failure }
  /** `priority`: present when the next try runs with another one. */
  | { readonly kind: 'retry'; readonly priority?: JobRow['priority'] }
  | { readonly kind: 'progress'; readonly cursor: number | string }
  | { readonly kind: 'reach'; readonly cursor: PagedStep | `${PagedStep} ${string}` }
  | { readonly kind: 'beat'; readonly leaseUntil: number }
  /** `counted`: the launch failed by itself, and not because capacity, quota or a host was missing. */
  | { readonly kind: 'relaunch'; readonly counted: boolean }
  | { readonly kind: 'look'; readonly dueAt: number }
  | { readonly kind: 'empty'; readonly lastPassAt: number }
  | { readonly kind: 'settle' };
export type EventKind = JobEvent['kind'];

/** One sentence for each event, printed in docs/states.md. */
export const eventMeanings: { readonly [kind in EventKind]: string } = {
  wait: 'An output, an object or a job that it needs is not ready.',
  ready: 'Nothing is left to wait for. Its inputs are resolved and placed in the workspace.',
  claim: 'A worker takes the job. Its token and its lease begin. The same task may ask again if the answer was lost.',
  bear: 'It is about to make its first job of this try. From now on it cannot end without reading its members.',
  finish: 'Its worker handed over an output, and something is still to be waited for. The token is dead from now on.',
  complete: 'Its members are done, or it made none. Its output is resolved, checked and cloned.',
  fail: 'It failed by itself.',
  end: 'Its end was decided elsewhere: its tree failed, a user terminated it, or the try of its master job was given up.',
  hold: 'Its worker reported a failure that its `debug` names. The worker and the folder are kept, and so is the tree.',
  release: 'The hold is over, by its limit or by request. The worker stops, and the job ends with its own failure.',
  stopped: 'The worker that had to stop has stopped, or the worker of a held job is gone.',
  giveUp: 'This try failed, and the policy allows another one.',
  retry: 'All descendants of the given-up try have stopped. The next try begins in an empty workspace.',
  progress: 'A wait got further. What was ready stays ready.',
  reach: 'A step has to wait after many messages, or a sweep has done some of its pages. The next look goes on there.',
  beat: 'Its worker is alive, and the lease is extended.',
  relaunch: 'A worker ended without claiming the job. The next one is started, later each time.',
  look: 'The sweep looked, and says when it looks again.',
  empty:
    'Its workspace is empty and its worker is gone. The last pass comes when every call that was under way has ended.',
  settle: 'Everything that follows from the end is done. The job leaves the index of the sweep.',
};
