// How a worker ended, read from the stop codes and reasons of ECS.

import { expect, test } from 'vitest';
import { endOfTask, type StoppedTask } from '../../aws/worker-end.ts';

const stopped = { stopCode: 'EssentialContainerExited' };
const exited = { ...stopped, stoppedReason: 'Essential container in task exited' };

test.each<[string, StoppedTask, string, string]>([
  [
    'out of memory, which ECS reports only for the container',
    { ...exited, exitCode: 137, containerReason: 'OutOfMemoryError: Container killed due to memory usage' },
    'outOfMemory',
    'exit code 137; Essential container in task exited; OutOfMemoryError: Container killed due to memory usage',
  ],
  [
    'out of memory, reported for the task',
    { ...stopped, stoppedReason: 'OutOfMemoryError: container killed' },
    ...(['outOfMemory', 'OutOfMemoryError: container killed'] as const),
  ],
  [
    'a worker that was killed, with everything that ECS reports',
    { ...exited, exitCode: 137, containerReason: 'killed by the kernel' },
    'exited',
    'exit code 137; Essential container in task exited; killed by the kernel',
  ],
  ['a host that was lost', { stopCode: 'InfrastructureHealth' }, 'lost', ''],
  ['a host that is about to go', { stopCode: 'TerminationNotice' }, 'lost', ''],
  ['a spot reclaim', { stopCode: 'SpotInterruption' }, 'reclaimed', ''],
  ['a task that a user stopped', { stopCode: 'UserInitiated', stoppedReason: 'enough' }, 'stopped', 'enough'],
  [
    'a task without an image',
    {
      stopCode: 'TaskFailedToStart',
      stoppedReason: 'CannotPullContainerError',
      containerReason: 'CannotPullContainerError',
    },
    ...(['refused', 'CannotPullContainerError'] as const),
  ],
  ['nothing', {}, 'exited', ''],
])('%s', (_title, task, how, why) => {
  expect(endOfTask(task)).toEqual({ kind: 'ended', how, why });
});
