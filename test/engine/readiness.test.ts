// Tests waits that users can make large or leave half done: for hidden objects behind links, and for files whose
// closing was interrupted.

import { describe, expect, test } from 'vitest';
import type { FileId, ObjectId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import { type ObjectFacts, objectRow, type Placement, placementKey, placementRow } from '../../core/row/objects.ts';
import { look } from '../../engine/advance.ts';
import { finish } from '../../engine/job/finish.ts';
import { createObject, type NewObject } from '../../engine/object/create.ts';
import { givenPlatform, givenProject, passTime, putPart } from '../api/given.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, peekJob } from '../memory/platform.ts';
import { putProjectOf } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const project: ProjectId = planJob('x').row.project;
const recordFacts: ObjectFacts = {
  ...{ className: 'record', state: 'closed', created: 0, createdBy: { user: 'user-alice' }, birth: project },
  ...{ types: [], links: [], digest: 'd' },
};
const hiddenPlacement: Placement = {
  ...{ folderId: '/', name: 'r', tags: [], properties: {}, hidden: true, modified: 0, revision: 0, mark: 'm' },
};

function recordId(index: number): ObjectId {
  return `record-${String(index).padStart(24, '0')}`;
}

function givenRecord(context: MemoryContext, index: number, fields: Partial<NewObject> = {}): Promise<ObjectId> {
  return createObject(context, {
    ...{ id: recordId(index), place: project, folderId: '/', name: 'r', tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
    ...fields,
  });
}

async function givenWaiter(context: MemoryContext, objects: readonly ObjectId[]) {
  await putProjectOf(context, project, planJob('any').row.launchedBy);
  const input = { all: objects.map((object) => ({ $dnanexus_link: object })) };
  const waits = objects.map((object) => ({ kind: 'object', object }) as const);
  return givenJob(context, 'waiter', { input, spec: { waits }, at: { state: 'waiting_on_input' } });
}

/** The objects that have an edge to the waiter. */
function waitedFor(context: MemoryContext): string[] {
  const edges = context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'));
  return edges.map(({ pk }) => pk).sort();
}

/** Counts reads of rows from now on, and the most that were under way at once. */
function countReads(context: MemoryContext) {
  const reads = { calls: 0, rows: 0, underWay: 0, most: 0 };
  context.setHook({
    before: async ({ port, name, keys = [] }) => {
      if (port !== 'rows') return;
      reads.calls++;
      reads.rows += name === 'getMany' ? keys.length : 1;
      reads.most = Math.max(reads.most, ++reads.underWay);
      await Promise.resolve();
      reads.underWay--;
    },
  });
  return reads;
}

describe('hidden objects behind links', () => {
  test('delay a job only if one that its objects lead to is open', async () => {
    const context = createMemoryContext();
    const deep = await givenRecord(context, 1, { hidden: true, state: 'open' });
    const middle = await givenRecord(context, 2, { hidden: true, links: [deep] });
    const ring = await givenRecord(context, 3, { hidden: true, links: [middle, recordId(3), recordId(4)] });
    const leads = await givenRecord(context, 4, { links: [ring] });
    const stops = await givenRecord(context, 5, { links: [await givenRecord(context, 6, { links: [middle] })] });
    const gone = await givenRecord(context, 7, { links: [recordId(99)] });
    const job = await givenWaiter(context, [leads, stops, gone]);
    await look(context, job, 'woken');
    expect(peekJob(context, job.pk).state).toBe('waiting_on_input');
    expect(waitedFor(context)).toEqual([leads]);
    await context.rows.update('objects', { pk: deep, sk: 'A' }, { set: { state: 'closed' } });
    await look(context, job, 'woken');
    expect(peekJob(context, job.pk).state).toBe('runnable');
  });

  test('are read once for all objects that lead to them, and one of many objects gets an edge', async () => {
    const context = createMemoryContext();
    const hidden: ObjectId[] = [];
    for (let index = 0; index < 40; index++) {
      hidden.push(await givenRecord(context, index, { hidden: true, state: 'open' }));
    }
    const objects: ObjectId[] = [];
    for (let index = 0; index < 100; index++) objects.push(await givenRecord(context, 100 + index, { links: hidden }));
    const job = await givenWaiter(context, objects);
    const reads = countReads(context);
    await look(context, job, 'woken');
    const [waited, ...others] = waitedFor(context);
    expect(others).toEqual([]);
    expect(objects).toContain(waited);
    // These are read before and after the edges are put: 100 objects and 40 hidden ones, each with its placements.
    expect(reads.rows).toBeLessThan(2 * (100 + 40 + 100 + 40) + 100);
    expect(reads.most).toBeLessThanOrEqual(25);
  });

  test('are followed up to a limit, however many links users make', async () => {
    const context = createMemoryContext();
    const below = (index: number) => Array.from({ length: 10 }, (_, at) => recordId(10 * index + at + 1));
    for (let index = 1; index < 4_000; index++) {
      const facts: ObjectFacts = { ...recordFacts, state: index === 1 ? 'open' : 'closed', links: below(index) };
      await context.rows.put('objects', objectRow(recordId(index), facts));
      await context.rows.put('objects', placementRow(recordId(index), project, hiddenPlacement));
    }
    const root = await givenRecord(context, 0, { links: below(0) });
    const job = await givenWaiter(context, [root]);
    const reads = countReads(context);
    await look(context, job, 'woken');
    expect(waitedFor(context)).toEqual([root]);
    // These are read twice: 2,000 rows and their placements.
    expect(reads.rows).toBeGreaterThan(8_000);
    expect(reads.rows).toBeLessThan(8_020);
    expect(reads.most).toBeLessThanOrEqual(16);
  });
});

describe('a file whose closing was interrupted', () => {
  async function givenClosing(place: string, given: Awaited<ReturnType<typeof givenPlatform>>): Promise<FileId> {
    const { context, alice } = given;
    const file = (await alice.call('/file/new', { project: place })).id as FileId;
    await putPart(context, alice, file, 1, 'hello');
    // A call that dies after its first write leaves this state.
    await context.rows.update('objects', { pk: file, sk: 'A' }, { set: { state: 'closing' } });
    return file;
  }

  test('is closed when a job waits for it', async () => {
    const given = await givenPlatform();
    const { context } = given;
    const place = (await givenProject(given.alice)) as ProjectId;
    const file = await givenClosing(place, given);
    const platform = createMemoryPlatform(context, () => ({ output: {} }));
    const input = { file: { $dnanexus_link: file } };
    const job = await givenJob(context, 'waiter', {
      ...{ input, project: place, spec: { waits: [{ kind: 'object', object: file }] } },
      at: { state: 'waiting_on_input' },
    });
    await look(context, job, 'woken');
    expect(context.queues.work.map(({ message }) => message.kind)).toEqual(['close']);
    await passTime(context, 120_000);
    expect(context.rows.peek('objects', { pk: file, sk: 'A' })).toMatchObject({ state: 'closed', size: 5 });
    await platform.run();
    expect(peekJob(context, job.pk).state).toBe('done');
  });

  test('is closed when it is the output of a job', async () => {
    const given = await givenPlatform();
    const { context } = given;
    const place = (await givenProject(given.alice)) as ProjectId;
    const file = await givenClosing(place, given);
    const platform = createMemoryPlatform(context, () => undefined);
    const job = await givenJob(context, 'maker', { project: place, at: { state: 'running' } });
    const placement = context.rows.peek('objects', placementKey(file, place));
    await context.rows.put('objects', { ...placement, ...placementKey(file, jobWorkspace(job)) });
    await finish(context, job, { output: { out: { $dnanexus_link: file } } });
    await platform.run();
    expect(peekJob(context, job.pk).state).toBe('waiting_on_output');
    await passTime(context, 120_000);
    await platform.run();
    expect(byName(context, 'maker').state).toBe('done');
  });

  test('is not closed when it was removed meanwhile, and a file that is still open stays open', async () => {
    const given = await givenPlatform();
    const { context, alice } = given;
    const place = await givenProject(alice);
    const file = await givenClosing(place, given);
    await context.queues.sendWork([{ v: 1, kind: 'close', file }]);
    await alice.call(`/${place}/removeObjects`, { objects: [file] });
    await passTime(context);
    expect(context.rows.all('objects').filter(({ pk }) => pk === file)).toEqual([]);
    const open = (await alice.call('/file/new', { project: place })).id;
    await context.queues.sendWork([{ v: 1, kind: 'close', file: open }]);
    await passTime(context);
    expect(context.rows.peek('objects', { pk: open, sk: 'A' })).toMatchObject({ state: 'open' });
  });
});
