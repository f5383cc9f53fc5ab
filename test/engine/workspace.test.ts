// Tests when the workspace of a job is emptied, and with it that of a next try which never began: once nothing can write
// to it, and not before the time for which a run keeps it.

import { describe, expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { ContainerId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { type JobRow, jobWorkspace, outputBodyId, ownName, ownScope } from '../../core/job/row.ts';
import { folderKey, folderRow } from '../../core/row/containers.ts';
import { toRow, tryRow } from '../../core/row/execution/job.ts';
import { treeKey } from '../../core/row/execution/tree.ts';
import { listingKey, listingRow } from '../../core/row/objects.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { look } from '../../engine/advance.ts';
import { destroyWorkspace } from '../../engine/job/destroy-workspace.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { lastPass } from '../../engine/job/last-pass.ts';
import { cloneObjects } from '../../engine/object/clone.ts';
import { createObject } from '../../engine/object/create.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions } from '../memory/plan.ts';
import { isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
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
    // The row waits for the last pass, so no message is sent for that.
    expect(context.queues.work.filter(({ message }) => message.kind === 'destroy')).toEqual([]);
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
    // The row goes on to its next try, so a message does the last pass.
    const messages = context.queues.work.map(({ message }) => message);
    expect(messages.filter(({ kind }) => kind === 'destroy')).toMatchObject([{ container: own, last: true }]);
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

describe('the last pass over the workspaces of a job', () => {
  const third = workspaceId(main, 2);
  const listed = (context: MemoryContext, place: ContainerId) =>
    context.rows.all('objects').filter(({ pk }) => pk.startsWith(place)).length;

  async function givenLast(at: Partial<JobRow>) {
    const context = createMemoryContext();
    const row = await givenJob(context, 'main', { at: { state: 'terminated', lastPassAt: context.now(), ...at } });
    for (const place of [own, next, third]) await putBegunObjects(context, place, 130);
    return { context, row };
  }

  test('empties those of all tries for good, in pages, and that of a next try that never began', async () => {
    const { context, row } = await givenLast({ try: 1, transitions: [['restartable', 1]] });
    let after: string | undefined;
    let pages = 0;
    do {
      const page = await lastPass(context, row, after);
      after = page === 'hold' ? undefined : page.next;
      pages++;
    } while (after !== undefined && pages < 20);
    expect(pages).toBe(4);
    expect([own, next, third].map((place) => listed(context, place))).toEqual([0, 0, 0]);
  });

  test('goes on in each of them where the page before ended, however many folders there are', async () => {
    const { context, row } = await givenLast({ transitions: [['restartable', 1]] });
    for (const place of [own, next]) {
      for (let index = 0; index < 120; index++) {
        const folder = { folderId: `f${index}`, name: `${index}` };
        await context.rows.put('containers', folderRow(folderKey(place, '/', folder.name), folder));
      }
    }
    await context.bodies.save(outputBodyId(row), 'output', { output: {} });
    const loads: string[] = [];
    const pages: string[] = [];
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'load') loads.push(detail);
        if (name === 'query' && detail.includes('/F#')) pages.push(detail);
      },
    });
    let after: string | undefined;
    for (let count = 0; count < 40; count++) {
      const page = await lastPass(context, { ...row, task }, after);
      after = page === 'hold' ? undefined : page.next;
      if (after === undefined) break;
    }
    expect(after).toBeUndefined();
    expect([own, next].map((place) => listed(context, place))).toEqual([0, 0]);
    expect(context.rows.all('containers').filter(({ pk }) => pk === own || pk === next)).toEqual([]);
    // The output is looked at once.
    expect(loads).toHaveLength(1);
    // The listing of the root has two pages, then the folders follow.
    const ofOne = ['-', '-', 'F#/#35', 'F#/#80'];
    expect(pages.map((detail) => detail.split(' ').at(-1))).toEqual([...ofOne, ...ofOne]);
  });

  test('does not look at the output of a try that no worker claimed', async () => {
    const { context, row } = await givenLast({});
    const calls: string[] = [];
    context.setHook({ before: ({ port }) => void calls.push(port) });
    await lastPass(context, row, undefined);
    expect(calls).not.toContain('bodies');
    await lastPass(context, { ...row, task }, undefined);
    expect(calls).toContain('bodies');
  });

  test('is set once by two looks at the same time', async () => {
    const { context, row } = await givenLast({ state: 'done' });
    const { lastPassAt: _, ...fresh } = row;
    await context.rows.put('executions', toRow(fresh));
    const writes: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'update' && writes.push(detail)) });
    expect(await lastPass(context, fresh, undefined)).toBe('hold');
    expect(await lastPass(context, fresh, undefined)).toBe('hold');
    expect(writes).toHaveLength(1);
  });

  test('leaves that of a next try alone when the job did not end between two tries', async () => {
    const { context, row } = await givenLast({ transitions: [['running', 1]] });
    for (let after: string | undefined = ''; after !== undefined; ) {
      const page = await lastPass(context, row, after === '' ? undefined : after);
      after = page === 'hold' ? undefined : page.next;
    }
    expect([own, next].map((place) => listed(context, place))).toEqual([0, 130]);
  });

  test('comes at its time, which the first look sets', async () => {
    const { context, row } = await givenLast({ state: 'done' });
    const { lastPassAt: _, ...fresh } = row;
    await context.rows.put('executions', toRow(fresh));
    expect(await lastPass(context, fresh, undefined)).toBe('hold');
    const set = peekJob(context, main);
    expect(set.lastPassAt).toBe(context.now() + everythingEndsMs);
    context.clock.now = Number(set.lastPassAt) - 1;
    expect(await lastPass(context, set, undefined)).toBe('hold');
    expect(listed(context, own)).toBe(130);
    context.clock.now += 1;
    expect(await lastPass(context, set, undefined)).not.toBe('hold');
  });

  test.each(['done', 'failed'] as const)('takes back what an earlier try of a %s job has placed', async (state) => {
    const { context, row } = await givenLast({ state, try: 1, task });
    await putProjectOfAlice(context);
    for (const attempt of [0, 1]) {
      const one: JobRow = { ...row, try: attempt };
      const output = { $dnanexus_link: await putRecord(context, own, `result${attempt}`) };
      await context.bodies.save(outputBodyId(one), 'output', { output: { output } });
      const to = { container: row.project, folder: '/' };
      await cloneObjects(context, { objects: [output.$dnanexus_link], from: own, to, by: ownName(one) });
      if (attempt === 0) await context.rows.put('executions', tryRow(one));
    }
    await lastPass(context, row, undefined);
    const names = context.rows.all('objects').filter(({ sk }) => sk === `P#${row.project}`);
    expect(names.map(({ name }) => name)).toEqual(state === 'done' ? ['result1'] : []);
  });
});
