// Tests the list of failure reasons against the rules of docs/reference/api.md, "Failure reasons", and by which lot a
// wait chooses among its dependencies.

import { describe, expect, it } from 'vitest';
import { lotOf } from '../../core/execution/dependency.ts';
import { failureMessages, failureReasons, isReportedReason } from '../../core/execution/failure.ts';
import { isEndState } from '../../core/execution/head.ts';
import { deriveId } from '../../core/id/derive.ts';
import { jobStates } from '../../core/job/state.ts';

const yes = true;
const no = false;

describe('a failure reason', () => {
  it.each<[keyof typeof failureReasons, fault: string, billed: boolean, restartable: boolean, reported: boolean]>([
    // reason                        fault          billed restartable reported
    ['AppError', 'user', yes, no, yes],
    ['AppInternalError', 'application', yes, yes, yes],
    ['AppInsufficientResourceError', 'application', yes, yes, yes],
    ['AuthError', 'user', yes, no, yes],
    ['CostLimitExceeded', 'user', yes, no, no],
    ['SpendingLimitExceeded', 'user', yes, no, no],
    ['OrgExpired', 'user', yes, no, no],
    ['DependencyUnsatisfiable', 'user', no, no, no],
    ['ExecutionError', 'platform', no, yes, yes],
    ['IncompleteUploads', 'application', yes, no, yes],
    ['InputError', 'user', no, no, no],
    ['OutputError', 'application', yes, no, yes],
    ['JMInternalError', 'platform', no, yes, no],
    ['JobTimeoutExceeded', 'application', yes, yes, yes],
    ['JobTreeFailure', 'application', yes, no, no],
    ['SpotInstanceInterruption', 'platform', no, yes, no],
    ['UnresponsiveWorker', 'platform', no, yes, no],
    ['Terminated', 'user', yes, no, yes],
  ])('%s is the fault of the %s', (name, fault, billed, restartable, reported) => {
    expect(failureReasons[name]).toEqual({ fault, billed, restartable, reported });
    expect(isReportedReason(name)).toBe(reported);
  });

  it('is one of eighteen, and nothing else is one', () => {
    expect(Object.keys(failureReasons)).toHaveLength(18);
    expect(['toString', '', 5, undefined, ['AppError']].filter(isReportedReason)).toEqual([]);
  });
});

it('an execution of either class ends as done, failed or terminated', () => {
  const states = [...Object.keys(jobStates), 'in_progress', 'partially_failed', ''];
  expect(states.filter(isEndState).sort()).toEqual(['done', 'failed', 'terminated']);
});

describe('the message', () => {
  const job = deriveId('job', 'u', 'failure', '1');
  const project = deriveId('project', 'u', 'failure', '1');
  const { dependencyFailed, timeout, launcherLost } = failureMessages;
  it.each([
    ['names a failed job and its reason', dependencyFailed(job, 'failed', 'AppError'), 'on, failed (AppError)'],
    ['names a terminated job', dependencyFailed(job, 'terminated', undefined), 'on, was terminated'],
    ['adds nothing to a failure without a reason', `${dependencyFailed(job, 'failed', undefined)}.`, 'on, failed.'],
    ['counts one minute', timeout(60_000), '(1 minute)'],
    ['counts minutes', timeout(150_000), '(3 minutes)'],
    ['names the level that is left', launcherLost('user-ada', project, 'VIEW'), `has VIEW in ${project} now`],
    ['names a tree that is too old', failureMessages.treeTooOld(job), `tree of ${job} was started more than 30 days`],
    [
      'names an executable that is gone',
      failureMessages.executableGone(job),
      `${job}, which the job runs, was removed`,
    ],
    ['lists the problems of an input', failureMessages.input(['a', 'b']), 'input cannot be used: a; b'],
    ['lists the problems of an output', failureMessages.output(['a', 'b']), 'output cannot be used: a; b'],
    ['says that none is left', launcherLost('user-ada', project, undefined), `has no access in ${project} now`],
  ])('%s', (_title, message, part) => {
    expect(message).toContain(part);
    expect(message).not.toContain('undefined');
  });
});

describe('the lot of a dependency', () => {
  const ids = Array.from({ length: 1000 }, (_, index) => deriveId('job', 'u', 'lot', String(index)));
  const [waiter, ...others] = ids as [(typeof ids)[0], ...typeof ids];
  const lots = others.map((execution) => lotOf(waiter, { kind: 'execution', execution }));

  it('is a whole number of 32 bits, and the same each time', () => {
    expect(lots.every((lot) => Number.isInteger(lot) && lot >= 0 && lot < 2 ** 32)).toBe(true);
    expect(others.map((execution) => lotOf(waiter, { kind: 'execution', execution }))).toEqual(lots);
  });

  it('is spread evenly over all numbers, and in all of its bits', () => {
    expect(new Set(lots).size).toBe(999);
    for (let bit = 0; bit < 32; bit++) {
      const set = lots.filter((lot) => (lot >>> bit) & 1).length;
      expect(set, `bit ${bit}`).toBeGreaterThan(400);
      expect(set, `bit ${bit}`).toBeLessThan(600);
    }
  });

  it('is another one for another waiter, and for an object', () => {
    const [execution] = others as [(typeof ids)[0]];
    const object = deriveId('file', 'u', 'lot', '1');
    const found = [waiter, ...others.slice(1, 5)].flatMap((one) => [
      lotOf(one, { kind: 'execution', execution }),
      lotOf(one, { kind: 'object', object }),
    ]);
    expect(new Set(found).size).toBe(10);
    const otherObject = deriveId('file', 'u', 'lot', '2');
    expect(lotOf(waiter, { kind: 'object', object: otherObject })).not.toBe(found[1]);
  });
});
