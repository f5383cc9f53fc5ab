// Tests what follows when a worker ended before it claimed its job: another launch, or the end of the job.

import { expect, it } from 'vitest';
import type { WorkerEnding } from '../../core/context.ts';
import { eventAfterLaunch } from '../../core/job/launch-end.ts';
import { planJob } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';

const { row } = planJob('launched');
const again = (counted: boolean) => ({ kind: 'relaunch', counted });
const failed = (times: number, why: string) => ({
  kind: 'fail',
  failure: {
    reason: 'ExecutionError',
    message: `No worker could be started for the job, in ${times} attempts: ${why}`,
  },
});

it.each<[how: WorkerEnding, before: number | undefined, why: string, expected: object]>([
  ['lost', 99, 'why', again(false)],
  ['reclaimed', 99, 'why', again(false)],
  ['noCapacity', 99, 'why', again(false)],
  ['refused', undefined, 'why', again(true)],
  ['refused', 1, 'why', again(true)],
  ['refused', 2, 'no image', failed(3, 'no image')],
  ['exited', 2, '', failed(3, 'the attempts ended without saying why')],
  ['unknown', undefined, 'why', again(true)],
  ['unknown', 8, 'why', again(true)],
  ['unknown', 9, 'why', failed(10, 'why')],
])(
  'a worker that ended as %s, after %s launches that failed, has the right consequence',
  (how, before, why, expected) => {
    const given = before === undefined ? row : { ...row, failedLaunchCount: before };
    expect(eventAfterLaunch(given, ended(how, why))).toEqual(expected);
  },
);
