// The sentence about a job's wait for a worker.

import { expect, test } from 'vitest';
import { slotWaitLine, slotWaitNote, waitsLong } from '../../core/job/slot-wait.ts';

const waited = (ms: number) => ({
  transitions: [
    ['idle', 0],
    ['runnable', 1_000],
    ['running', 1_000 + ms],
  ] as ['idle' | 'runnable' | 'running', number][],
});

test.each([
  [5_000, 2, []],
  [12_300, undefined, ['This job waited 12 s for a worker']],
  [12_300, 2, ['This job waited 12 s for a worker: at most 2 jobs run at a time here (espalier start --workers)']],
  [6_000, 1, ['This job waited 6 s for a worker: at most 1 job runs at a time here (espalier start --workers)']],
])('a wait of %s ms for one of %s slots is reported as %j', (ms, slotCount, notes) => {
  expect(slotWaitNote(waited(ms), slotCount)).toEqual(notes);
});

test('a job that never was runnable waited for nothing', () => {
  expect(slotWaitNote({ transitions: [['idle', 0]] }, 2)).toEqual([]);
});

test.each([
  [false, undefined, 'Waiting for a worker to start'],
  [false, { count: 2, taken: 1 }, 'Waiting for a worker to start'],
  [
    false,
    { count: 2, taken: 3 },
    'Waiting for a free worker (2 of 2 are taken): at most 2 jobs run at a time here (espalier start --workers)',
  ],
  [true, { count: 2, taken: 2 }, 'Waiting for a free worker: this user has as many as one user may have'],
])('a job that waits (a number of its user: %s, slots: %j) is described', (isQueued, slots, line) => {
  expect(slotWaitLine({ isQueued, slots })).toBe(line);
});

test.each([
  ['runnable', 4_999, false],
  ['runnable', 5_000, true],
  ['running', 60_000, false],
] as const)('a job that is %s since %s ms waits long: %s', (state, ms, expected) => {
  expect(
    waitsLong(
      {
        state,
        transitions: [
          ['idle', 0],
          ['runnable', 1_000],
        ],
      },
      1_000 + ms,
    ),
  ).toBe(expected);
});
