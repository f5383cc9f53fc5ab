// What follows from the state that a job is in: the same list whether a stream record or the sweep asks, so that what was
// interrupted is taken up again from the row alone.

import type { Command } from './event.ts';
import { isMaster, type JobRow, jobWorker, jobWorkspace } from './row.ts';

/** The commands that a row in this state calls for, in their order. None for a row that has nothing to come. */
export function followUp(row: JobRow): readonly Command[] {
  switch (row.state) {
    case 'idle':
    case 'waiting_on_input':
      return [{ kind: 'lookAtInput' }];
    case 'runnable':
      return [{ kind: 'launch', delaySeconds: launchDelaySeconds(row.launch) }];
    case 'running':
    case 'debug_hold':
    case 'restarted':
      return [];
    case 'waiting_on_output':
      return [{ kind: 'lookAtOutput' }];
    case 'terminating':
      return stopWorker(row);
    case 'restartable':
      return [
        ...stopWorker(row),
        ...stopLaunch(row),
        { kind: 'endDescendants' },
        ...destroyWorkspace(row),
        { kind: 'retry' },
      ];
    case 'done':
      return [{ kind: 'wakeWaiters' }, ...destroyWorkspace(row), { kind: 'settle' }];
    case 'failed':
    case 'terminated':
      return [
        ...stopLaunch(row),
        { kind: 'endTree' },
        { kind: 'wakeWaiters' },
        ...destroyWorkspace(row),
        { kind: 'settle' },
      ];
    default:
      return row.state satisfies never;
  }
}

/** How long the next worker waits after `launch` workers that nobody claimed: nothing, 5 s, 15 s, … at most 15 minutes. */
export function launchDelaySeconds(launch: number): number {
  return launch === 0 ? 0 : Math.min(maximumDelaySeconds, firstDelaySeconds * 3 ** (launch - 1));
}

function stopWorker(row: JobRow): Command[] {
  return row.task === undefined ? [] : [{ kind: 'stopWorker', task: row.task }];
}

/** A worker that was started and has not claimed: nobody else ends it. */
function stopLaunch(row: JobRow): Command[] {
  const launched = row.task === undefined && row.transitions.some(([state]) => state === 'runnable');
  return launched ? [{ kind: 'stopLaunch', worker: jobWorker(row) }] : [];
}

function destroyWorkspace(row: JobRow): Command[] {
  return isMaster(row) ? [{ kind: 'destroyWorkspace', container: jobWorkspace(row) }] : [];
}

const firstDelaySeconds = 5;
/** What a queue can hold a message back. */
const maximumDelaySeconds = 900;
