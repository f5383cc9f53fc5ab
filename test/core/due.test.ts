// Tests when a job is looked at again, the part of the index that it is in, and how long its workspace is kept.

import { describe, expect, it } from 'vitest';
import { dueTime, openShard, workspaceKeptUntil } from '../../core/job/due.ts';
import type { JobRow } from '../../core/job/row.ts';
import { jobId, planJob } from '../memory/plan.ts';

const leaseMs = 1_000;
const now = 100_000_000_000;
const monthMs = 30 * 24 * 3_600_000;

function givenRow(changes: Partial<JobRow>): JobRow {
  return { ...planJob('due', { now }).row, ...changes };
}

describe('a job is looked at again', () => {
  const waited = { state: 'waiting_on_output', tryCreated: now - 8_000 } as const;
  const root = { state: 'waiting_on_input', tryCreated: now - 8_000 } as const;
  it.each<[title: string, changes: Partial<JobRow>, after: number]>([
    ['after a lease, when it runs and has none', { state: 'running' }, leaseMs],
    ['after as long as it has waited', waited, 8_000],
    ['after a lease at least, when it is new', { state: 'idle' }, leaseMs],
    ['after a lease, when it was born runnable', { state: 'runnable' }, leaseMs],
    ['after as long as it has waited for a worker', { ...waited, state: 'runnable' }, 8_000],
    ['after a lease, while it ends', { state: 'terminating', tryCreated: now - 9_000_000 }, leaseMs],
    ['after a lease, while its try is given up', { state: 'restartable', tryCreated: now - 9_000_000 }, leaseMs],
    ['a lease after it was terminated', { state: 'terminated', tryCreated: now - 9_000_000 }, leaseMs],
    ['when the grace time of its worker is over', { ...waited, stoppedRunning: now - 200 }, 800],
    ['without regard to a grace time that is over', { ...waited, stoppedRunning: now - 2_000 }, 8_000],
    ['without regard to a grace time that ends now', { ...waited, stoppedRunning: now - 1_000 }, 8_000],
    ['without regard to its last change, when no worker reported', { ...waited, modified: now - 200 }, 8_000],
    ['when its tree is 30 days old', { ...root, created: now - monthMs + 500 }, 500],
    ['without regard to a tree that has ended', { ...root, state: 'terminated', created: now - monthMs + 500 }, 1_000],
    [
      'without regard to the tree, below its root',
      { ...root, root: jobId('root'), created: now - monthMs + 500 },
      8_000,
    ],
    ['without regard to an end of its tree that is past', { ...root, created: now - 2 * monthMs }, 8_000],
    ['a lease after it is done, however old it is', { state: 'done', tryCreated: now - 9_000_000 }, leaseMs],
    ['a lease after it failed, however old it is', { state: 'failed', tryCreated: now - 9_000_000 }, leaseMs],
    ['at the last pass, and not before', { state: 'failed', lastPassAt: now + 9_000, dueAt: now + 1 }, 9_000],
    ['soon again when the last pass is not complete', { state: 'failed', lastPassAt: now, dueAt: now }, leaseMs],
    ['not at a time that has come', { state: 'running', leaseUntil: now + 5_000, dueAt: now }, 5_000],
    ['at a time in the future that was set before', { state: 'running', leaseUntil: now + 5_000, dueAt: now + 1 }, 1],
  ])('%s', (_title, changes, after) => {
    expect(dueTime(givenRow(changes), now, leaseMs)).toBe(now + after);
  });
});

it('a runnable job is looked at again after two minutes, when a lease is longer', () => {
  expect(dueTime(givenRow({ state: 'runnable' }), now, 600_000)).toBe(now + 120_000);
});

it('a claim keeps the due time of a job that was just born runnable', () => {
  for (const lease of [1_000, 20_000, 600_000]) {
    const dueAt = dueTime(givenRow({ state: 'runnable' }), now, lease);
    const claimed = givenRow({ state: 'running', leaseUntil: now + 100 + lease, dueAt });
    expect(dueTime(claimed, now + 100, lease)).toBe(dueAt);
  }
});

it('the jobs are spread evenly over the shards of the index', () => {
  const counts = new Map<number, number>();
  for (let index = 0; index < 4000; index++) {
    const shard = openShard(jobId(`j${index}`), 8);
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(120);
});

it('a workspace is kept until its job has ended, or for three days more', () => {
  const transitions: JobRow['transitions'] = [
    ['running', 3],
    ['failed', 5],
  ];
  const row = givenRow({ state: 'failed', modified: 9, transitions });
  expect(workspaceKeptUntil(row, false)).toBe(5);
  expect(workspaceKeptUntil(row, true)).toBe(5 + 259_200_000);
  expect(workspaceKeptUntil({ ...row, transitions: [] }, false)).toBe(9);
});
