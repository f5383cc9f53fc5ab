// Tests when a job or a data object that a job waits for is ready, which rows that takes, and which files are helped to
// close. Hidden objects count in the place where the object that links to them is.

import { beforeEach, describe, expect, test } from 'vitest';
import type { Dependency } from '../../core/execution/dependency.ts';
import type { ObjectId, ProjectId } from '../../core/id/identifier.ts';
import { objectKey, type Placement, placementRow } from '../../core/row/objects.ts';
import { createObject, type NewObject } from '../../engine/object/create.ts';
import { listWait } from '../../engine/wait/readiness.ts';
import { waitFor } from '../../engine/wait/wait.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { givenJob } from '../simulation/world.ts';

const place: ProjectId = `project-${'0'.repeat(24)}`;
const elsewhere: ProjectId = `project-${'1'.repeat(24)}`;
const waiter = { pk: jobId('waiter'), try: 0 };

let context: MemoryContext;
beforeEach(() => {
  context = createMemoryContext();
});

const onJob = (name: string): Dependency => ({ kind: 'execution', execution: jobId(name) });
const onObject = (object: ObjectId): Dependency => ({ kind: 'object', object });
const listOf = (...dependencies: Dependency[]) => listWait(context, waiter, 'input', dependencies);
const read = (...dependencies: Dependency[]) => listOf(...dependencies).read(dependencies);

let count = 0;
function givenObject(fields: Partial<NewObject> = {}, className: 'file' | 'record' = 'file'): Promise<ObjectId> {
  const id = `${className}-${String(++count).padStart(24, '0')}` as ObjectId;
  return createObject(context, {
    ...{ id, place, folderId: '/', name: id, tags: [], types: [], properties: {}, hidden: false },
    ...{ details: {}, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
    ...fields,
  });
}

/** Puts an object into another place as well. */
async function alsoIn(object: ObjectId, other: ProjectId, hidden: boolean): Promise<void> {
  const placement: Placement = {
    ...{ folderId: '/', name: object, tags: [], properties: {}, hidden, modified: 0, revision: 0, mark: 'm' },
  };
  await context.rows.put('objects', placementRow(object, other, placement));
}

const closings = () => context.queues.work.map(({ message }) => message.file);

describe('a list of dependencies', () => {
  test('is read in pages of a hundred, and each has the number of those before it as its position', async () => {
    const list = listOf(...Array.from({ length: 250 }, (_, index) => onJob(`d${index}`)));
    const pages = [await list.page(undefined), await list.page(100), await list.page(200)];
    expect(pages.map(({ items, end }) => [items.length, items[0]?.cursor, items.at(-1)?.cursor, end])).toEqual([
      [100, 1, 100, false],
      [100, 101, 200, false],
      [50, 201, 250, true],
    ]);
    expect(pages[1]?.items[0]?.dependency).toEqual(onJob('d100'));
  });

  test('is searched up to the first 500 that are not ready', async () => {
    const names = Array.from({ length: 700 }, (_, index) => `d${index}`);
    for (const name of names) await givenJob(context, name, { at: { state: 'running' } });
    const reads: string[] = [];
    context.setHook({ before: ({ name, keys = [] }) => void (name === 'getMany' && reads.push(...keys)) });
    await waitFor(context, listOf(...names.map(onJob)));
    expect(new Set(reads.filter((key) => key.endsWith('/A'))).size).toBe(500);
  });

  test('takes one read of jobs, one of objects, and none of what is not in it', async () => {
    const { pk } = await givenJob(context, 'done', { at: { state: 'done' } });
    const file = await givenObject();
    const calls: string[] = [];
    context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
    expect(await read(onJob('done'), onObject(file), onJob('done'))).toEqual(['ready', 'ready', 'ready']);
    expect(calls).toEqual([`getMany executions ${pk}/A`, `getMany objects ${file}/A`]);
    await read(onJob('done'));
    await read(onObject(file));
    expect(calls).toHaveLength(4);
  });

  test('leaves an edge that names the phase of the wait', async () => {
    await givenJob(context, 'd', { at: { state: 'running' } });
    for (const phase of ['input', 'output'] as const)
      await waitFor(context, listWait(context, waiter, phase, [onJob('d')]));
    const edges = context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'));
    expect(edges.map(({ sk }) => sk)).toEqual([`W#${waiter.pk}#0.input`, `W#${waiter.pk}#0.output`]);
  });
});

describe('a job that is waited for', () => {
  test.each([
    ['failed', 'failed (AppError)'],
    ['terminated', 'was terminated (AppError)'],
  ] as const)('and is %s can never be ready, and the message says why', async (state, words) => {
    await givenJob(context, 'd', { at: { state, failureReason: 'AppError' } });
    const message = expect.stringContaining(`which this job depends on, ${words}`);
    expect(await read(onJob('d'))).toEqual([{ problem: { kind: 'failed', message, execution: jobId('d') } }]);
  });

  test('and has no row can never be ready', async () => {
    const message = expect.stringContaining('could not be found any more');
    expect(await read(onJob('none'))).toMatchObject([{ problem: { message } }]);
  });
});

describe('a hidden object', () => {
  test('that is open holds an object back where both are, and not by others from another place', async () => {
    const deep = await givenObject({ hidden: true, state: 'open' });
    const middle = await givenObject({ hidden: true, links: [deep] });
    await alsoIn(middle, elsewhere, true);
    const leads = await givenObject({ links: [middle] });
    expect(await read(onObject(leads))).toEqual(['unready']);
    const away = await givenObject({ links: [middle], place: elsewhere });
    expect(await read(onObject(away))).toEqual(['ready']);
  });

  test('is held back in each place in which one is open that it links to', async () => {
    const here = await givenObject({ hidden: true, state: 'open' });
    const there = await givenObject({ hidden: true, state: 'open', place: elsewhere });
    const middle = await givenObject({ hidden: true, links: [here, there] });
    await alsoIn(middle, elsewhere, true);
    const leads = [await givenObject({ links: [middle] }), await givenObject({ links: [middle], place: elsewhere })];
    expect(await read(...leads.map(onObject))).toEqual(['unready', 'unready']);
  });

  test('does not count where it is visible', async () => {
    const deep = await givenObject({ hidden: true, state: 'open' });
    const middle = await givenObject({ links: [deep] });
    await alsoIn(middle, elsewhere, true);
    expect(await read(onObject(await givenObject({ links: [middle] })))).toEqual(['ready']);
  });
});

describe('a file is helped to close', () => {
  test('when it is being closed, once in a look, and no other object is', async () => {
    const closing = await givenObject({ state: 'closing' });
    const others = [
      await givenObject({ state: 'open' }),
      await givenObject({ state: 'closing' }, 'record'),
      await givenObject(),
    ];
    const all = [closing, ...others].map(onObject);
    const list = listOf(...all);
    expect(await list.read(all)).toEqual(['unready', 'unready', 'unready', 'ready']);
    await list.read(all);
    expect(closings()).toEqual([closing]);
  });

  test('when it is hidden and holds an object back that is waited for', async () => {
    const closing = await givenObject({ hidden: true, state: 'closing' });
    const open = await givenObject({ hidden: true, state: 'open' });
    const leads = await givenObject({ links: [closing, open] });
    const away = await givenObject({ links: [closing], place: elsewhere });
    expect(await read(onObject(away), onObject(leads))).toEqual(['ready', 'unready']);
    expect(closings()).toEqual([closing]);
  });

  test('by nobody who may not see it: a link to it from another place does nothing', async () => {
    const closing = await givenObject({ hidden: true, state: 'closing' });
    const away = await givenObject({ links: [closing], place: elsewhere });
    expect(await read(onObject(away))).toEqual(['ready']);
    expect(closings()).toEqual([]);
    await context.rows.update('objects', objectKey(closing), { set: { state: 'closed' } });
    expect(await read(onObject(away))).toEqual(['ready']);
  });
});
