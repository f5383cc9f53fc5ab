// Tests what a run may ask of a debug hold, and when a hold ends (docs/reference/api.md, "Debug hold").

import { describe, expect, it } from 'vitest';
import { checkDebug, debugReasons, heldUntil, isHeldFor, readDebug } from '../../core/job/hold.ts';
import { planJob } from '../memory/plan.ts';

const all = 'AppError, AppInternalError, AppInsufficientResourceError, ExecutionError';

describe('the debug of a run', () => {
  it.each<[title: string, debug: unknown, problems: string[]]>([
    ['is absent', undefined, []],
    ['is null', null, []],
    ['is empty', {}, []],
    ['names no reason', { debugOn: [] }, []],
    ['names every reason that a worker reports', { debugOn: [...debugReasons] }, []],
    ['is a text', 'AppError', ['debug must be a hash with "debugOn"']],
    ['is an array', ['AppError'], ['debug must be a hash with "debugOn"']],
    ['is false', false, ['debug must be a hash with "debugOn"']],
    ['holds something else', { debugOn: [], on: 1, off: 2 }, ['debug may hold "debugOn" only, not "on", "off"']],
    [
      'names a reason outside of an array',
      { debugOn: 'AppError' },
      ['debug.debugOn must be an array of failure reasons'],
    ],
    [
      'names other reasons',
      { debugOn: ['AppError', 'InputError', 5] },
      [`debug.debugOn may name ${all}, not "InputError"`, `debug.debugOn may name ${all}, not 5`],
    ],
  ])('%s', (_title, debug, problems) => {
    expect(checkDebug(debug)).toEqual(problems);
  });

  it.each<[title: string, debug: unknown, reasons: unknown]>([
    ['says nothing when it is absent', undefined, undefined],
    ['says nothing when it is null', null, undefined],
    ['says that nothing is held when it is empty', {}, []],
    ['says that nothing is held without an array', { debugOn: 'AppError' }, []],
    ['names each reason once', { debugOn: ['AppError', 'ExecutionError', 'AppError'] }, ['AppError', 'ExecutionError']],
    ['leaves out what is not a reason', { debugOn: ['InputError', 'AppError'] }, ['AppError']],
  ])('%s', (_title, debug, reasons) => {
    expect(readDebug(debug)).toEqual(reasons);
  });

  it('holds a job for the reasons that it names', () => {
    const held = [undefined, [], ['AppInternalError'], ['AppInternalError', 'AppError']] as const;
    expect(held.map((debugOn) => isHeldFor(debugOn, 'AppError'))).toEqual([false, false, false, true]);
  });
});

describe('the hold of a job', () => {
  const { row } = planJob('held', { now: 1_000 });
  const threeDaysMs = 259_200_000;

  it('ends three days after it began', () => {
    const transitions: (typeof row)['transitions'] = [
      ['running', 4_000],
      ['debug_hold', 5_000],
    ];
    expect(heldUntil({ ...row, state: 'debug_hold', modified: 9_000, transitions })).toBe(5_000 + threeDaysMs);
    expect(heldUntil({ ...row, state: 'debug_hold', modified: 9_000, transitions: [] })).toBe(9_000 + threeDaysMs);
  });

  it('ends when its tree is 30 days old, where the row tells that', () => {
    const thirtyDaysMs = 2_592_000_000;
    const began = 1_000 + thirtyDaysMs - threeDaysMs;
    const heldFrom = (since: number) => ({ ...row, state: 'debug_hold' as const, modified: since });
    expect(heldUntil(heldFrom(began - 1))).toBe(began - 1 + threeDaysMs);
    expect(heldUntil(heldFrom(began + 1))).toBe(1_000 + thirtyDaysMs);
    const below = { ...heldFrom(began + 1), root: planJob('root').id };
    expect(heldUntil(below)).toBe(began + 1 + threeDaysMs);
  });

  it('has no end when the job is not held, or not any more', () => {
    expect(heldUntil({ ...row, state: 'running' })).toBeUndefined();
    expect(heldUntil({ ...row, state: 'failed', transitions: [['debug_hold', 5_000]] })).toBeUndefined();
  });
});
