// Tests when the workspace of a job is emptied, and with it that of a next try which never began: once nothing can write
// to it, and not before the time for which a run keeps it.

import { describe, expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { ContainerId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { type JobRow, jobWorkspace, ownScope } from '../../core/job/row.ts';
import { treeKey } from '../../core/row/execution/tree.ts';
import { listingKey, listingRow } from '../../core/row/objects.ts';
import { look } from '../../engine/job/advance.ts';
import { destroyWorkspace } from '../../engine/job/destroy-workspace.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { createObject } from '../../engine/object/create.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions } from '../memory/plan.ts';
import { isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const task = taskOf('main');
const dayMs = 86_400_000;
const own = workspaceId(main, 0);
const next = workspaceId(main, 1);

/** A master job after its end, with objects in its workspace and in that of a next try. */
async function givenEnded(at: Partial<JobRow>, options: PlanOptions = {}, objectCount = 1) {
  const context = createMemoryContext();
  const row = await givenJob(context, 'main', { ...options, at });
  expect(jobWorkspace(row)).toBe(own);
  for (const place of [own, next]) {
    for (let index = 0; index < objectCount; index++) await putRecord(context, place, `r${index}`);
  }
  const contentOf = (place: ContainerId) => context.rows.all('objects').filter(({ sk }) => sk === `P#${place}`).length;
  return { context, row, contentOf };
}

function putRecord(context: MemoryContext, place: ContainerId, name: string) {
  return createObject(context, {
    ...{ id: deriveId('record', 'test', place, name), place, folderId: '/', name, tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
  });
}

/** Rows that a creation has written so far. They stay, so that the object does not stay for ever if it comes about. */
async function putBegunObjects(context: MemoryContext, place: ContainerId, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const id = deriveId('record', 'test', place, `begun ${index}`);
    await context.rows.put('objects', listingRow(listingKey(place, '/', `begun ${index}`, id), id, 'mark'));
  }
}

/** Empties the workspace page by page. Returns the number of pages, or `hold`. */
async function destroyAll(context: MemoryContext, row: JobRow): Promise<number | 'hold'> {
  let after: string | undefined;
  for (let pages = 1; pages < 20; pages++) {
    const page = await destroyWorkspace(context, row, after);
    if (page === 'hold') return page;
    if (page.next === undefined) return pages;
    after = page.next;
  }
  throw new Error('the pages do not end');
}

describe('the workspace of a job', () => {
  test.each(['done', 'failed', 'terminated'] as const)('that is %s is emptied', async (state) => {
    const transitions: JobRow['transitions'] = [
      ['runnable', 1],
      [state, 2],
    ];
    const { context, row, contentOf } = await givenEnded({ state, transitions });
    expect(await destroyAll(context, row)).toBe(1);
    expect([contentOf(own), contentOf(next)]).toEqual([0, 1]);
  });

  test('that is done is emptied without a look at its tree, because all of that has ended', async () => {
    const { context, row } = await givenEnded({ state: 'done' });
    const queries: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'query' && queries.push(detail)) });
    await destroyAll(context, row);
    expect(queries.filter((detail) => detail.includes(treeKey(main)))).toEqual([]);
  });

  test('that failed stays while a job below it runs, and its worker or another may still write there', async () => {
    const { context, row, contentOf } = await givenEnded({ state: 'failed' });
    const sub = await givenJob(context, 'sub', { parent: row, at: { state: 'terminating' } });
    expect(await destroyAll(context, row)).toBe('hold');
    expect(contentOf(own)).toBe(1);
    await context.rows.update('executions', { pk: sub.pk, sk: 'A' }, { set: { state: 'terminated' } });
    expect(await destroyAll(context, row)).toBe(1);
    expect(contentOf(own)).toBe(0);
  });

  test('goes with that of the next try, in pages, when the job ended between two tries', async () => {
    const transitions: JobRow['transitions'] = [
      ['restartable', 1],
      ['terminated', 2],
    ];
    const { context, row, contentOf } = await givenEnded({ state: 'terminated', transitions }, {}, 130);
    for (const place of [own, next]) await putBegunObjects(context, place, 130);
    const queries: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'query' && queries.push(detail)) });
    expect(await destroyAll(context, row)).toBe(5);
    // No job can be born there any more, so only the first page looks at the tree.
    expect(queries.filter((detail) => detail.includes(treeKey(main)))).toHaveLength(1);
    expect([contentOf(own), contentOf(next)]).toEqual([0, 0]);
  });
});

describe('the workspace of a try that was given up', () => {
  const at: Partial<JobRow> = { state: 'restartable', task, transitions: [['restartable', 1]] };

  test.each(['its worker', 'a job below it'])('stays while %s still has to stop', async (which) => {
    const { context, row, contentOf } = await givenEnded(at);
    context.workers.stopAtOnce = false;
    context.workers.states.set(task, which === 'its worker' ? { kind: 'running' } : ended('lost'));
    const state = which === 'its worker' ? 'terminated' : 'terminating';
    await givenJob(context, 'sub', { parent: row, at: { state } });
    expect(await destroyAll(context, row)).toBe('hold');
    expect(contentOf(own)).toBe(1);
  });

  test('is emptied when both have stopped, and that of the next try stays', async () => {
    const { context, row, contentOf } = await givenEnded(at);
    context.workers.states.set(task, { kind: 'running' });
    expect(await destroyAll(context, row)).toBe(1);
    expect([...context.workers.stopping]).toEqual([task]);
    expect([contentOf(own), contentOf(next)]).toEqual([0, 1]);
  });
});

describe('a run that delays the end of its workspace', () => {
  const spec = { delayWorkspaceDestruction: true };

  test.each(['done', 'failed'] as const)('keeps it for three days after it is %s', async (state) => {
    const context = createMemoryContext();
    const endedAt = context.now();
    const given = await givenEnded({ state, transitions: [[state, endedAt]], dueAt: endedAt }, { spec });
    await putDoom(given.context, main, ownScope(given.row), {
      kind: 'termination',
      execution: main,
      try: 0,
      by: 'user-alice',
    });
    await look(given.context, given.row, 'swept');
    expect(peekJob(given.context, main).dueAt).toBe(endedAt + 3 * dayMs);
    given.context.clock.now = endedAt + 3 * dayMs - 1;
    await look(given.context, peekJob(given.context, main), 'swept');
    expect(given.contentOf(own)).toBe(1);
    given.context.clock.now = endedAt + 3 * dayMs;
    await sweepExecution(given.context, main);
    expect(given.contentOf(own)).toBe(0);
    expect(isSettled(peekJob(given.context, main))).toBe(true);
  });

  test('does not keep its worker: one that does not end by itself is stopped after the grace time', async () => {
    const { context, contentOf } = await givenEnded(
      { state: 'done', task, stoppedRunning: 1_700_000_000_000 },
      { spec },
    );
    context.workers.states.set(task, { kind: 'running' });
    await sweepExecution(context, main);
    expect([...context.workers.stopping]).toEqual([]);
    const dueAt = Number(peekJob(context, main).dueAt);
    expect(dueAt).toBeLessThanOrEqual(context.now() + context.settings.leaseSeconds * 1000);
    context.clock.now = dueAt;
    await sweepExecution(context, main);
    expect([...context.workers.stopping]).toEqual([task]);
    expect(contentOf(own)).toBe(1);
  });
});
