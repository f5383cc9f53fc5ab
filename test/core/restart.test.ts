// How the try of a job ended whose worker stopped without a report, from what ECS tells of its task.

import { expect, test } from 'vitest';
import type { TaskView } from '../../core/context.ts';
import { endOfWorker, startsAgain } from '../../core/job/restart.ts';
import { planJob } from '../memory/plan.ts';

const now = 1_700_000_000_000;
const stopped = { lastStatus: 'STOPPED', stopCode: 'EssentialContainerExited' };
const exited = { ...stopped, stoppedReason: 'Essential container in task exited' };

test.each<[string, TaskView | undefined, string, boolean, string]>([
  [
    'out of memory, which ECS says of the container only',
    { ...exited, exitCode: 137, containerReason: 'OutOfMemoryError: Container killed due to memory usage' },
    ...(['AppInsufficientResourceError', false, 'needed more memory'] as const),
  ],
  [
    'out of memory, said of the task',
    { ...stopped, stoppedReason: 'OutOfMemoryError: container killed' },
    ...(['AppInsufficientResourceError', false, 'needed more memory'] as const),
  ],
  [
    'a worker that was killed, with all that ECS says of it',
    { ...exited, exitCode: 137, containerReason: 'killed by the kernel' },
    ...(['UnresponsiveWorker', false, '(exit code 137; Essential container in task exited; killed by'] as const),
  ],
  ['a task that ECS has forgotten', undefined, 'UnresponsiveWorker', false, 'stopped before it reported'],
  ['a host that was lost', { ...stopped, stopCode: 'InfrastructureHealth' }, 'JMInternalError', true, 'was lost'],
  ['a spot reclaim', { ...stopped, stopCode: 'SpotInterruption' }, 'SpotInstanceInterruption', true, 'spot capacity'],
  ['a host that is to go', { ...stopped, stopCode: 'TerminationNotice' }, 'JMInternalError', true, 'was lost'],
])('%s', (_title, task, reason, lost, told) => {
  const row = { ...planJob('j').row, leaseUntil: now + 1 };
  const end = endOfWorker(row, task, now);
  expect(end).toMatchObject({ lost, failure: { reason } });
  expect(end.failure.message).toContain(told);
  expect(startsAgain(row, end)).toBe(lost);
});
