// Tests what comes along with an object: hidden companions of inputs and outputs, and folders of outputs, all of them
// before the job is done.

import { expect, it } from 'vitest';
import type { JobId, ObjectId } from '../../core/id/identifier.ts';
import type { Hash } from '../../core/reference/value.ts';
import { placementKey } from '../../core/row/objects.ts';
import { alice, asJob, bob, givenApplet, givenProject, givenWorld, run } from './execution-world.ts';

const link = (value: unknown): Hash => ({ $dnanexus_link: value });

it('hidden companions of an input are in the workspace when the job runs', async () => {
  const world = await givenWorld();
  const project = await givenProject(world);
  const deep = (await world.must('/record/new', { project, hidden: true, close: true })).id;
  const details = { deep: link(deep) };
  const hidden = (await world.must('/record/new', { project, hidden: true, details, close: true })).id;
  const { id } = await world.must('/record/new', { project, details: { hidden: link(hidden) }, close: true });
  let seen: unknown[] = [];
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    const { workspace } = await world.must(`/${claimed.row.pk}/describe`, {}, alice);
    const listed = await world.must(`/${workspace}/listFolder`, { only: 'objects', includeHidden: true }, caller);
    seen = (listed.objects as { id: string }[]).map((object) => object.id);
    return { output: {} };
  });
  await run(world, await givenApplet(world, project), { project, input: { x: link(id) } });
  await world.platform.run();
  expect(seen).toEqual(expect.arrayContaining([id, hidden, deep]));
});

it('an output is in the project with its folder and hidden companions before its job is done', async () => {
  const world = await givenWorld();
  const project = await givenProject(world, { members: [[bob, 'VIEW']] });
  const made: Record<string, ObjectId> = {};
  let job: JobId | undefined;
  const missing: string[] = [];
  world.programs.set('main', async (claimed) => {
    const caller = await asJob(world, claimed);
    const { workspace } = await world.must(`/${claimed.row.pk}/describe`, {}, alice);
    const make = async (name: string, fields: Hash) => {
      const body = { project: workspace, name, close: true, folder: '/deep', parents: true, ...fields };
      made[name] = (await world.must('/record/new', body, caller)).id as ObjectId;
    };
    await make('companion', { hidden: true });
    await make('named', { details: { x: link(made.companion) } });
    await make('alone', {});
    return { output: { named: link(made.named), alone: link(made.alone) } };
  });
  world.context.rows.hook = {
    before: async ({ name, detail }) => {
      if (job === undefined || name !== 'update' || !detail.includes(`${job}/A`) || !detail.includes('"done"')) return;
      for (const [title, id] of Object.entries(made)) {
        if (world.context.rows.peek('objects', placementKey(id, project)) === undefined) missing.push(title);
      }
    },
  };
  job = await run(world, await givenApplet(world, project), { project, folder: '/results', input: {} });
  await world.platform.run();
  expect(await world.must(`/${job}/describe`, {}, bob)).toMatchObject({ state: 'done' });
  expect(missing).toEqual([]);
  for (const [name, id] of Object.entries(made)) {
    const described = await world.must(`/${id}/describe`, { project }, bob);
    expect(described, name).toMatchObject({ folder: '/results/deep', hidden: name === 'companion' });
  }
});
