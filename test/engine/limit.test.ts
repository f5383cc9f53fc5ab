// Tests the limits on folders and objects that job code may create in a place: more are refused, and the place can
// always be emptied.

import { describe, expect, test } from 'vitest';
import type { ContainerId, ObjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import { look } from '../../engine/advance.ts';
import { ensureFolder } from '../../engine/container/enter-folder.ts';
import { createObject, type NewObject } from '../../engine/object/create.ts';
import { destroyContainer } from '../../engine/removal/container.ts';
import { removeObjects } from '../../engine/removal/object.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';
import { byName, peekJob } from '../memory/platform.ts';
import { putProjectOf } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const place: ContainerId = `container-${'0'.repeat(24)}`;

async function givenFolders(context: MemoryContext, count: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index++) {
    const name = `f${String(index).padStart(6, '0')}`;
    await context.rows.put('containers', { pk: place, sk: `F#/#${name}`, folderId: `id-${name}`, name });
  }
}

function recordId(index: number): `record-${string}` {
  return `record-${String(index).padStart(24, '0')}`;
}

async function givenRecord(context: MemoryContext, fields: Partial<NewObject>): Promise<ObjectId> {
  return createObject(context, {
    ...{ id: recordId(0), place, folderId: '/', name: 'r', tags: [], types: [], properties: {}, hidden: false },
    ...{ details: {}, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
    ...fields,
  });
}

/** Makes ids begin with `firstByte`. If it is zero, each creation of a folder counts the folders. */
function withIds(context: MemoryContext, firstByte: number): MemoryContext {
  let count = 0;
  const random = (byteCount: number) =>
    Uint8Array.from({ length: byteCount }, (_, at) => (at === 0 ? firstByte : count++));
  return Object.assign(context, { random });
}

/** Collects the queries from now on. */
function watchQueries(context: MemoryContext): string[] {
  const queries: string[] = [];
  context.setHook({
    after: ({ name, detail }) => {
      if (name === 'query') queries.push(detail);
    },
  });
  return queries;
}

describe('a place with as many folders as it may have', () => {
  test('refuses more folders until some are removed', { timeout: 60_000 }, async () => {
    const context = withIds(createMemoryContext(), 0);
    await givenFolders(context, 49_999);
    await ensureFolder(context, place, ['last']);
    await expect(ensureFolder(context, place, ['more'])).rejects.toMatchObject({ type: 'InvalidInput' });
    const counted = watchQueries(context);
    withIds(context, 1);
    await expect(ensureFolder(context, place, ['more'])).rejects.toMatchObject({ type: 'InvalidInput' });
    expect(counted).toEqual([]);
    await context.rows.delete('containers', { pk: place, sk: 'F#/#f000000' });
    context.clock.now += 61_000;
    await ensureFolder(context, place, ['more']);
    expect(counted).not.toEqual([]);
    expect(context.rows.peek('containers', { pk: place, sk: 'N' })).toBeUndefined();
  });

  test('counts its folders at about one creation in 256', async () => {
    const context = createMemoryContext();
    const counts = watchQueries(context);
    for (let index = 0; index < 2_000; index++) await ensureFolder(context, place, [`f${index}`]);
    expect(counts).not.toEqual([]);
    expect(counts.length).toBeLessThan(40);
  });
});

describe('the emptying of a workspace', () => {
  test('reads each of its folders once, even if they are too many for a tree', { timeout: 60_000 }, async () => {
    const context = createMemoryContext();
    await givenFolders(context, 60_001);
    const queries = watchQueries(context);
    const next = await destroyContainer(context, place);
    await destroyContainer(context, place, next);
    const seen = queries.filter((detail) => detail.startsWith(`objects ${place}#`));
    expect(seen).toHaveLength(101);
    expect(new Set(seen).size).toBe(101);
  });

  test('continues to the end, wherever a page ends', async () => {
    const context = createMemoryContext();
    await givenFolders(context, 120);
    let id = 0;
    const folders = ['/', 'id-f000000', 'id-f000049', 'id-f000050', 'id-f000119'];
    for (const folderId of folders) {
      for (let count = 0; count < 130; count++)
        await givenRecord(context, { id: recordId(++id), folderId, name: `r${id}` });
    }
    const passes = { first: 0, last: 0 };
    for (const pass of ['first', 'last'] as const) {
      let after: string | undefined;
      do {
        after = await destroyContainer(context, place, after, pass);
        passes[pass]++;
      } while (after !== undefined);
      if (pass === 'first') expect(context.rows.all('containers')).toHaveLength(120);
      expect(context.rows.all('objects').filter(({ sk }) => sk.startsWith('P#'))).toEqual([]);
    }
    expect(context.rows.all('objects')).toEqual([]);
    expect(context.rows.all('containers')).toEqual([]);
    expect(passes.first).toBeGreaterThan(5);
  });

  test('does not skip objects when the folder of its position was removed meanwhile', async () => {
    const context = createMemoryContext();
    await givenFolders(context, 2);
    for (let count = 0; count < 130; count++) {
      await givenRecord(context, { id: recordId(count), folderId: 'id-f000000', name: `z${count}` });
    }
    await givenRecord(context, { id: recordId(500), folderId: 'id-f000001', name: 'a' });
    const after = await destroyContainer(context, place);
    await context.rows.delete('containers', { pk: place, sk: 'F#/#f000000' });
    expect(await destroyContainer(context, place, after)).toBeUndefined();
    expect(context.rows.peek('objects', { pk: recordId(500), sk: `P#${place}` })).toBeUndefined();
  });
});

describe('more hidden objects than can be followed', () => {
  const links = Array.from({ length: 100_001 }, (_, index) => recordId(index + 1));

  test('prevent the cloning of the object that links to them, but not its removal', { timeout: 60_000 }, async () => {
    const context = createMemoryContext();
    const { project, launchedBy } = planJob('x').row;
    await putProjectOf(context, project, launchedBy);
    const record = await givenRecord(context, { place: project });
    await context.rows.update('objects', { pk: record, sk: 'A' }, { set: { links } });
    for (const link of [links[0], links.at(-1)]) {
      if (link !== undefined) await givenRecord(context, { id: link, place: project, hidden: true });
    }
    const input = { object: { $dnanexus_link: record } };
    const job = await givenJob(context, 'main', { input, at: { state: 'idle' } });
    await look(context, job, 'woken');
    expect(peekJob(context, job.pk)).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(peekJob(context, job.pk).failureMessage).toContain('hidden objects are linked');
    expect(await removeObjects(context, job.project, [record])).toEqual([record]);
  });
});

test('a job fails with the reason when its output folder can never exist', async () => {
  const context = createMemoryContext();
  const at = { state: 'waiting_on_output' } as const;
  const job = await givenJob(context, 'main', { spec: { folder: 'no/path' }, at });
  await putProjectOf(context, job.project, job.launchedBy);
  const record = await givenRecord(context, { place: jobWorkspace(job) });
  await context.bodies.save(job.pk, 'output', { output: { out: { $dnanexus_link: record } } });
  await look(context, job, 'woken');
  const row = byName(context, 'main');
  expect(row).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
  expect(row.failureMessage).toContain('"no/path"');
});
