// Tests the inputs of detached runs. Such a run may begin when the workspace of the job that started it is gone.

import { expect, it } from 'vitest';
import type { FileId, JobId } from '../../core/id/identifier.ts';
import type { Hash } from '../../core/reference/value.ts';
import { placementKey } from '../../core/row/objects.ts';
import { finish } from '../../engine/job/finish.ts';
import { peekJob } from '../memory/platform.ts';
import { alice, asJob, givenApplet, givenFile, givenProject, givenWorld, run } from './execution-world.ts';

const link = (value: unknown): Hash => ({ $dnanexus_link: value });

/** A job that starts detached runs while another job, on which they depend, still runs. Then both end. */
async function launch(what: 'made in the workspace' | 'of the project' | 'an applet of the workspace') {
  const world = await givenWorld();
  const project = await givenProject(world);
  const file: FileId = await givenFile(world, project);
  const applet = await givenApplet(world, project, { access: { project: 'CONTRIBUTE' } });
  const slow = await run(world, applet, { project, input: {}, name: 'slow' });
  let answer: Hash = {};
  world.programs.set('main', async (claimed) => {
    if (claimed.row.name === 'slow') return undefined;
    if (claimed.row.name !== 'launcher') return { output: {} };
    const caller = await asJob(world, claimed);
    const { workspace } = await world.must(`/${claimed.row.pk}/describe`, {}, alice);
    const made = (await world.must('/record/new', { project: workspace, close: true }, caller)).id;
    const code = { project: workspace, dxapi: '1.0.0', runSpec: { interpreter: 'bash', code: '' } };
    const program = what === 'an applet of the workspace' ? (await world.must('/applet/new', code, caller)).id : applet;
    const object = what === 'made in the workspace' ? made : file;
    const input = what === 'an applet of the workspace' ? {} : { x: link({ project: workspace, id: object }) };
    const request = { detach: true, project, input, dependsOn: [slow] };
    answer = (await world.call(`/${program}/run`, request, caller)).body;
    return { output: {} };
  });
  const launcher = await run(world, applet, { project, input: { given: link(file) }, name: 'launcher' });
  await world.platform.run();
  expect(peekJob(world.context, launcher).state).toBe('done');
  const { pk } = placementKey(file, project);
  expect(world.context.rows.all('objects').filter((row) => row.pk === pk && row.sk.startsWith('P#container'))).toEqual(
    [],
  );
  await finish(world.context, peekJob(world.context, slow), { output: {} });
  await world.platform.run();
  return { world, answer };
}

it.each(['made in the workspace', 'an applet of the workspace'] as const)('%s is refused at the call', async (what) => {
  const { answer } = await launch(what);
  expect(answer.error).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringContaining('only in the workspace'),
  });
});

it('an object of the project is taken from there, although the launcher has it too', async () => {
  const { world, answer } = await launch('of the project');
  expect(peekJob(world.context, answer.id as JobId)).toMatchObject({ state: 'done' });
});
