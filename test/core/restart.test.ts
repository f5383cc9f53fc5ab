// Tests the failure of a job whose worker ended without a report, whether the job restarts by its policy, and on which
// machines its next try runs.

import { describe, expect, test } from 'vitest';
import type { WorkerEnd } from '../../core/context.ts';
import { type ExecutionPolicy, effectiveExecutionPolicy } from '../../core/executable/policy.ts';
import { type FailureReason, failureReasons } from '../../core/execution/failure.ts';
import { endOfWorker, endsForGood, firstPriority, nextPriority, startsAgain } from '../../core/job/restart.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isJobState, jobStates } from '../../core/job/state.ts';
import { planJob } from '../memory/plan.ts';
import { ended } from '../memory/workers.ts';

const now = 1_700_000_000_000;

test.each<[string, WorkerEnd, string, string]>([
  ['a worker that ran out of memory', ended('outOfMemory'), 'AppInsufficientResourceError', 'needed more memory'],
  [
    'a worker that was killed, with everything that is known about its end',
    ended('exited', 'exit code 137; killed by the kernel'),
    ...(['UnresponsiveWorker', ' result (exit code 137; killed by the kernel)'] as const),
  ],
  ['a worker that was stopped from outside', ended('stopped', 'enough'), 'UnresponsiveWorker', ' result (enough)'],
  [
    'a worker of which nothing is known any more',
    ended('unknown'),
    'UnresponsiveWorker',
    'stopped before it reported a result',
  ],
  ['a worker without capacity', ended('noCapacity'), 'UnresponsiveWorker', 'before it reported a result'],
  ['a worker that was refused', ended('refused', 'no image'), 'UnresponsiveWorker', 'a result (no image)'],
  ['a host that was lost', ended('lost'), 'UnresponsiveWorker', 'was lost'],
  ['a spot reclaim', ended('reclaimed'), 'SpotInstanceInterruption', 'spot capacity'],
])('%s', (_title, worker, reason, part) => {
  const { failure } = endOfWorker({ ...planJob('j').row, leaseUntil: now + 1 }, worker, now);
  expect(failure.reason).toBe(reason);
  expect(failure.message).toContain(part);
});

test('the message gives the seconds of silence when the lease has run out, however the worker ended', () => {
  const row = { ...planJob('j').row, leaseUntil: now - 5_000 };
  expect(endOfWorker(row, ended('stopped', 'enough'), now).failure.message).toMatch(/ 5 s late$/);
  for (const leaseUntil of [now, now + 1]) {
    expect(endOfWorker({ ...row, leaseUntil }, ended('stopped'), now).failure.message).toMatch(/reported a result$/);
  }
  const { leaseUntil: _, ...without } = row;
  expect(endOfWorker(without, ended('stopped'), now).failure.message).toMatch(/reported a result$/);
});

/** A job with these earlier tries, each of which ended with a restart. */
function given(policy: ExecutionPolicy, reasons: readonly FailureReason[], more: Partial<JobRow> = {}) {
  const { priority } = { priority: 'normal' as const, ...more };
  const job = { state: 'running' as const, try: reasons.length, priority, ...more };
  return { job, policy, earlier: reasons.map((failureReason) => ({ failureReason, priority })) };
}

describe('a job starts again', () => {
  const everything = Object.keys(failureReasons) as FailureReason[];
  const restartable: FailureReason[] = [
    ...(['AppInternalError', 'AppInsufficientResourceError', 'ExecutionError', 'JMInternalError'] as const),
    ...(['JobTimeoutExceeded', 'SpotInstanceInterruption', 'UnresponsiveWorker'] as const),
  ];
  const crash = 'AppInternalError';
  const silent = 'UnresponsiveWorker';
  const spot = 'SpotInstanceInterruption';
  const standard = effectiveExecutionPolicy();

  test('for exactly the restartable reasons, when "*" allows it', () => {
    const found = everything.filter((reason) => startsAgain(given({ restartOn: { '*': 1 } }, []), reason));
    expect(found.sort()).toEqual([...restartable].sort());
  });

  test('for exactly the reasons of the default policy, and after a spot reclaim, when nothing is set', () => {
    const found = everything.filter((reason) => startsAgain(given(standard, []), reason));
    expect(found.sort()).toEqual(['ExecutionError', 'JMInternalError', spot, silent]);
  });

  test.each<[title: string, ExecutionPolicy, reason: FailureReason, before: FailureReason[], expected: boolean]>([
    ['a reason without a number', { restartOn: { [silent]: 1 } }, crash, [], false],
    ['a number of 0', { restartOn: { [crash]: 0, '*': 5 } }, crash, [], false],
    ['one restart of two', { restartOn: { [crash]: 2 } }, crash, [crash], true],
    ['two restarts of two', { restartOn: { [crash]: 2 } }, crash, [crash, crash], false],
    ['two restarts for another reason', { restartOn: { [crash]: 2 } }, crash, [silent, silent], true],
    ['the number of the reason, before that of "*"', { restartOn: { [crash]: 1, '*': 5 } }, crash, [crash], false],
    ['the number of "*" for each reason', { restartOn: { '*': 1 } }, crash, [silent], true],
    ['the number of "*" used up', { restartOn: { '*': 1 } }, crash, [silent, crash], false],
    ['maxRestarts of 0', { restartOn: { '*': 9 }, maxRestarts: 0 }, crash, [], false],
    ['maxRestarts reached by other reasons', { restartOn: { '*': 9 }, maxRestarts: 2 }, crash, [silent, spot], false],
    ['maxRestarts not reached', { restartOn: { '*': 9 }, maxRestarts: 2 }, crash, [silent], true],
    ['nine restarts by default', { restartOn: { '*': 50 } }, crash, Array(9).fill(crash), false],
    ['eight restarts by default', { restartOn: { '*': 50 } }, crash, Array(8).fill(crash), true],
    ['the second silent worker by default', standard, silent, [silent], true],
    ['the third silent worker by default', standard, silent, [silent, silent], false],
    ['spot reclaims without a number', standard, spot, Array(8).fill(spot), true],
    ['spot reclaims up to maxRestarts', standard, spot, Array(9).fill(spot), false],
    ['spot reclaims with a number', { restartOn: { [spot]: 1 } }, spot, [spot], false],
    ['spot reclaims with a number of 0', { restartOn: { [spot]: 0 } }, spot, [], false],
    ['spot reclaims with a number for "*"', { restartOn: { '*': 1 } }, spot, [spot], false],
    ['a name that every object has', { restartOn: {} }, crash, [], false],
  ])('or not: %s', (_title, policy, reason, before, expected) => {
    expect(startsAgain(given(policy, before), reason)).toBe(expected);
  });

  test('not while it is held, because it has failed for good', () => {
    expect(startsAgain(given({ restartOn: { '*': 9 } }, [], { state: 'debug_hold' }), crash)).toBe(false);
  });

  test.each(['terminating', 'done', 'failed', 'terminated'] as const)('not while it is %s', (state) => {
    expect(startsAgain(given({ restartOn: { '*': 9 } }, [], { state }), crash)).toBe(false);
  });

  test('in no state in which it has failed for good or has ended', () => {
    const states = Object.keys(jobStates).filter(isJobState);
    const final = ['debug_hold', 'done', 'failed', 'restarted', 'terminated', 'terminating'];
    expect(states.filter(endsForGood).sort()).toEqual(final);
  });
});

describe('the next try', () => {
  const spot = 'SpotInstanceInterruption';
  test.each<[title: string, ExecutionPolicy, tries: ('low' | 'high')[], expected: string | undefined]>([
    ['stays on spot after the first try', {}, ['low'], undefined],
    ['stays on spot after the second try', {}, ['low', 'low'], undefined],
    ['leaves spot after three tries, when nothing is set', {}, ['low', 'low', 'low'], 'high'],
    ['leaves spot after the tries that the policy allows', { maxSpotTries: 1 }, ['low'], 'high'],
    ['stays on spot as long as the policy allows', { maxSpotTries: 5 }, ['low', 'low', 'low', 'low'], undefined],
    ['stays on demand', { maxSpotTries: 5 }, ['low', 'low', 'high'], undefined],
    ['stays on demand whatever the policy allows', { maxSpotTries: 1 }, ['high'], undefined],
    ['counts spot tries only', { maxSpotTries: 2 }, ['high', 'high', 'low'], undefined],
  ])('%s', (_title, policy, tries, expected) => {
    const rows = tries.map((priority) => ({ failureReason: spot, priority }) as const);
    const [last = rows[0], ...before] = rows.toReversed();
    const job = { state: 'restartable', try: before.length, priority: last?.priority ?? 'low' } as const;
    expect(nextPriority({ job, policy, earlier: before })).toBe(expected);
  });
});

test.each([
  ['a job that asks for nothing special', 'normal', {}, undefined, 'normal'],
  ['a job that asks for spot', 'low', {}, undefined, 'low'],
  ['a job whose policy forbids spot', 'low', { maxSpotTries: 0 }, undefined, 'high'],
  ['a job below one on spot', 'low', {}, { asked: 'low', final: 'low' }, 'low'],
  ['a job below one that left spot', 'low', {}, { asked: 'low', final: 'high' }, 'high'],
  ['a spot job below one that never was on spot', 'low', {}, { asked: 'high', final: 'high' }, 'low'],
  ['an urgent job below one that left spot', 'normal', {}, { asked: 'low', final: 'high' }, 'normal'],
] as const)('%s begins with the right priority', (_title, asked, policy, above, expected) => {
  expect(firstPriority(asked, policy, above)).toBe(expected);
});
