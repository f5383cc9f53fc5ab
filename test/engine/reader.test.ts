// Tests in whose name the references of a job are read, and which metadata of an object they show.

import { beforeEach, describe, expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { PlaceId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import { findReferences } from '../../core/reference/find.ts';
import { objectKey } from '../../core/row/objects.ts';
import { createSight } from '../../engine/access/sight.ts';
import { inputSight } from '../../engine/job/reader.ts';
import { loadReferenced } from '../../engine/job/referenced.ts';
import { createObject } from '../../engine/object/create.ts';
import { loadSpec } from '../../engine/store/load-job.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import type { PlanOptions } from '../memory/plan.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

let context: MemoryContext;
let main: JobRow;
beforeEach(async () => {
  context = createMemoryContext();
  await putProjectOfAlice(context);
  main = await givenJob(context, 'main', { at: { state: 'running' } });
});

describe('the input of a job is read in the name of', () => {
  const readerOf = async (name: string, options: PlanOptions) => {
    const row = await givenJob(context, name, { ...options, at: { state: 'idle' } });
    const spec = await loadSpec(context, row.pk);
    const reads: string[] = [];
    context.setHook({ before: ({ detail }) => void reads.push(detail) });
    const { caller } = await inputSight(context, row, spec);
    return { reader: caller.kind === 'job' ? caller.job.pk : caller.user, row, reads };
  };

  test('the user who ran it', async () => {
    expect(await readerOf('other', {})).toMatchObject({ reader: 'user-alice', reads: [] });
  });

  test('the job that ran it, in its tree or detached', async () => {
    expect((await readerOf('nested', { parent: main, master: true })).reader).toBe(main.pk);
    expect((await readerOf('detached', { spec: { detachedFrom: main.pk } })).reader).toBe(main.pk);
  });

  test('itself for a subjob, which shares everything with its creator', async () => {
    const { reader, row, reads } = await readerOf('sub', { parent: main });
    expect({ reader, reads }).toEqual({ reader: row.pk, reads: [] });
  });
});

describe('the metadata of an object in an output', () => {
  const file = deriveId('file', 'test', 'file', 'f');

  /** A job that is done and answers a file. The file has another name in each of these places. */
  async function referencedIn(places: (row: JobRow) => readonly PlaceId[], isGone = false) {
    const row = await givenJob(context, 'done', { at: { state: 'done' } });
    await context.bodies.save(row.pk, 'output', { output: { file: { $dnanexus_link: file } } });
    for (const place of places(row)) {
      const name = place === row.project ? 'in the project' : 'in the workspace';
      await createObject(context, {
        ...{ id: file, place, folderId: '/', name, tags: [], types: [], properties: { in: name }, hidden: false },
        ...{ details: { size: 5 }, links: [], state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
      });
    }
    if (isGone) await context.rows.delete('objects', objectKey(file));
    const link = { $dnanexus_link: { job: row.pk, field: 'file', metadata: 'name' } };
    const sight = createSight(context, { kind: 'job', user: 'user-alice', job: main });
    return (await loadReferenced(sight, findReferences({ x: link }))).metadata.get(file);
  }

  test('are its name, properties and details in the project of the job', async () => {
    expect(await referencedIn(({ project }) => [project])).toEqual({
      name: 'in the project',
      properties: { in: 'in the project' },
      details: { size: 5 },
    });
  });

  test('are not shown from the workspace of another master job, which the reader does not see', async () => {
    expect(await referencedIn((row) => [jobWorkspace(row)])).toBeUndefined();
  });

  test('are not there when it was removed', async () => {
    expect(await referencedIn(({ project }) => [project], true)).toBeUndefined();
  });
});
