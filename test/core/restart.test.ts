// Tests the failure of a job whose worker ended without a report, and whether the job restarts.

import { expect, test } from 'vitest';
import type { WorkerEnd } from '../../core/context.ts';
import { endOfWorker, startsAgain } from '../../core/job/restart.ts';
import { planJob } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';

const now = 1_700_000_000_000;

test.each<[string, WorkerEnd, string, boolean, string]>([
  [
    'a worker that ran out of memory',
    ended('outOfMemory'),
    'AppInsufficientResourceError',
    false,
    'needed more memory',
  ],
  [
    'a worker that was killed, with everything that is known about its end',
    ended('exited', 'exit code 137; killed by the kernel'),
    ...(['UnresponsiveWorker', false, ' result (exit code 137; killed by the kernel)'] as const),
  ],
  [
    'a worker that was stopped from outside',
    ended('stopped', 'enough'),
    'UnresponsiveWorker',
    false,
    ' result (enough)',
  ],
  [
    'a worker of which nothing is known any more',
    ended('unknown'),
    'UnresponsiveWorker',
    false,
    'stopped before it reported a result',
  ],
  ['a host that was lost', ended('lost'), 'JMInternalError', true, 'was lost'],
  ['a spot reclaim', ended('reclaimed'), 'SpotInstanceInterruption', true, 'spot capacity'],
])('%s', (_title, worker, reason, lost, part) => {
  const row = { ...planJob('j').row, leaseUntil: now + 1 };
  const end = endOfWorker(row, worker, now);
  expect(end).toMatchObject({ lost, failure: { reason } });
  expect(end.failure.message).toContain(part);
  expect(startsAgain(row, end)).toBe(lost);
});

test('the message gives the seconds of silence when the lease has run out, however the worker ended', () => {
  const row = { ...planJob('j').row, leaseUntil: now - 5_000 };
  expect(endOfWorker(row, ended('stopped', 'enough'), now).failure.message).toMatch(/5 s late$/);
});
