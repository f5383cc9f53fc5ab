// Tests that specifications as other people publish them are accepted, each shape with what its run does: of the public
// applets that dx itself builds, none is refused here (docs/reference/api.md, "Applets" to "Regions").

import { beforeEach, describe, expect, it } from 'vitest';
import type { ProjectId } from '../../core/id/identifier.ts';
import { peekJob } from '../memory/platform.ts';
import { givenWorld, run, type World } from './execution-world.ts';

const bash = { interpreter: 'bash', code: 'main() { :; }' };
const sized = (instanceType: string) => ({ systemRequirements: { '*': { instanceType } } });
/** A part of a dxapp.json, and the end of its run: a job with these fields, or the refusal. */
type Shape = readonly [title: string, dxapp: object, region: string, run: object | RegExp];

const shapes: readonly Shape[] = [
  [
    'options for a region of AWS only',
    { regionalOptions: { 'aws:eu-west-2': sized('mem2_ssd1_v2_x4') } },
    'aws:eu-west-2',
    { instanceType: 'mem2_ssd1_v2_x4', region: 'aws:eu-west-2' },
  ],
  [
    'options for another region only',
    { regionalOptions: { 'aws:eu-west-2': sized('mem2_ssd1_v2_x4') } },
    'aws:us-east-1',
    /InvalidInput: the "regionalOptions" of applet-\w+ name aws:eu-west-2, and project-\w+ is in aws:us-east-1/,
  ],
  [
    'options for two clouds',
    { regionalOptions: { 'aws:us-east-1': sized('mem1_ssd1_x4'), 'azure:westus': sized('azure:mem2_ssd1_x2') } },
    'azure:westus',
    { instanceType: 'azure:mem2_ssd1_x2' },
  ],
  [
    'options with assets and no requirements',
    { regionalOptions: { 'aws:eu-central-1': { assetDepends: [{ id: 'record-0123456789BFGJKPQVXYZb00' }] } } },
    'aws:eu-central-1',
    { instanceType: 'mem2_hdd2_x2' },
  ],
  [
    'python2.7',
    { runSpec: { interpreter: 'python2.7', code: 'import dxpy', distribution: 'Ubuntu', release: '14.04' } },
    'aws:us-east-1',
    /InvalidInput: applet-\w+ needs python2.7, which no worker of this platform has. Port the code to python3/,
  ],
  [
    'python3.5',
    { runSpec: { interpreter: 'python3.5', code: '', distribution: 'Ubuntu', release: '16.04', version: '1' } },
    'aws:us-east-1',
    /needs python3.5/,
  ],
  [
    'bash on a release that is retired',
    { runSpec: { ...bash, distribution: 'Ubuntu', release: '12.04' } },
    'aws:us-east-1',
    { state: 'done' },
  ],
  [
    'a type of 32 cores that is retired',
    { runSpec: { ...bash, ...sized('mem1_hdd2_x32') } },
    'aws:us-east-1',
    { instanceType: 'mem1_hdd2_x32', instanceTypeNote: expect.stringContaining('at most 16 cores and 64 GiB') },
  ],
  [
    'a type by its oldest name',
    { runSpec: { ...bash, ...sized('dx_m1.large') } },
    'aws:us-east-1',
    { instanceType: 'dx_m1.large' },
  ],
  [
    'a type of Azure in a region of AWS',
    { runSpec: { ...bash, ...sized('azure:mem3_ssd1_x4') } },
    'aws:us-east-1',
    { instanceType: 'azure:mem3_ssd1_x4' },
  ],
  [
    '128 GiB of memory',
    { runSpec: { ...bash, ...sized('mem3_ssd1_v2_x16') } },
    'aws:us-east-1',
    {
      instanceTypeNote:
        'The instance type mem3_ssd1_v2_x16 (16 cores, 128 GiB) is larger than any worker: the job has a worker of at most 16 cores and 120 GiB',
    },
  ],
  [
    'a type that no table has',
    { runSpec: { ...bash, ...sized('mem2_ssd9_v7_x4') } },
    'aws:us-east-1',
    { instanceTypeNote: expect.stringContaining('not known here') },
  ],
  [
    'a GPU',
    { runSpec: { ...bash, ...sized('mem2_ssd2_gpu1_x8') } },
    'aws:us-east-1',
    /InvalidInput: .*mem2_ssd2_gpu1_x8 has a GPU/,
  ],
  [
    'a default of another class',
    { inputSpec: [{ name: 'maxmiss', class: 'string', default: false }] },
    'aws:us-east-1',
    { state: 'failed', failureReason: 'InputError' },
  ],
  [
    'a default of null',
    { inputSpec: [{ name: 'n', class: 'int', default: null }] },
    'aws:us-east-1',
    { state: 'done', input: {} },
  ],
  [
    'a default that is not among the choices',
    { inputSpec: [{ name: 'm', class: 'string', default: 'c', choices: ['a', 'b'] }] },
    'aws:us-east-1',
    { state: 'done', input: { m: 'c' } },
  ],
  [
    'choices that are paths',
    {
      inputSpec: [
        { name: 'f', class: 'file', optional: true, choices: [{ name: 'hg38', project: 'project-x', path: '/a' }] },
      ],
    },
    'aws:us-east-1',
    { state: 'done' },
  ],
  [
    'a title',
    { title: 'FastQC Reads Quality Control' },
    'aws:us-east-1',
    { name: 'FastQC Reads Quality Control', executableName: 'shape' },
  ],
  ['an empty title', { title: '' }, 'aws:us-east-1', { name: 'shape' }],
  [
    'packages of every source',
    {
      runSpec: {
        ...bash,
        execDepends: ['apt', 'pip', 'pip3', 'gem', 'cpan', 'cran', 'git'].map((package_manager) => ({
          name: 'x',
          package_manager,
          version: '1',
          stages: ['other'],
        })),
      },
    },
    'aws:us-east-1',
    { state: 'done' },
  ],
  [
    'fields that only clients read',
    {
      version: '1.0',
      categories: ['x'],
      whatsNew: '',
      authorizedUsers: [],
      billTo: 'org-x',
      details: { contactEmail: 'a@b', upstreamLicenses: ['MIT'] },
      openSource: true,
      ignoreReuse: false,
    },
    'aws:us-east-1',
    { state: 'done' },
  ],
];

let world: World;
beforeEach(async () => {
  world = await givenWorld();
});

async function givenShape(dxapp: object, region: string) {
  const project = (await world.must('/project/new', { name: 'foreign', region })).id as ProjectId;
  const { id } = await world.must('/applet/new', { name: 'shape', runSpec: bash, ...dxapp, project });
  return { project, applet: id as `applet-${string}` };
}

describe('an applet with', () => {
  it.each(shapes)('%s is built', async (_, dxapp, region, end) => {
    const { project, applet } = await givenShape(dxapp, region);
    const { status, body } = await world.call(`/${applet}/run`, { project, input: {} });
    if (end instanceof RegExp) {
      const { type, message } = body.error as { type: string; message: string };
      expect(`${status} ${type}: ${message}`).toMatch(end);
      return;
    }
    expect(status, JSON.stringify(body)).toBe(200);
    await world.platform.run();
    expect(await world.must(`/${body.id}/describe`)).toMatchObject(end);
  });
});

describe('a run of an applet', () => {
  const inputSpec = [
    { name: 'maxmiss', class: 'string', default: false },
    { name: 'mode', class: 'string', choices: ['fast', 'slow'], optional: true },
  ];

  it('whose default has another class works with a value of the class', async () => {
    const { project, applet } = await givenShape({ inputSpec }, 'aws:us-east-1');
    const id = await run(world, applet, { project, input: { maxmiss: '0.1' } });
    await world.platform.run();
    expect(await peekJob(world.context, id)).toMatchObject({ state: 'done' });
  });

  it('with a value that is not among the choices is refused, with the choices', async () => {
    const { project, applet } = await givenShape({ inputSpec }, 'aws:us-east-1');
    const { status, body } = await world.call(`/${applet}/run`, { project, input: { maxmiss: '', mode: 'medium' } });
    const message = 'the input "mode" is "medium"; it must be one of "fast", "slow"';
    expect([status, body]).toMatchObject([422, { error: { type: 'InvalidInput', message } }]);
  });

  it('with a title is named by the call if the call names it', async () => {
    const { project, applet } = await givenShape({ title: 'A title' }, 'aws:us-east-1');
    const id = await run(world, applet, { project, input: {}, name: 'mine' });
    expect(await world.must(`/${id}/describe`)).toMatchObject({ name: 'mine' });
  });
});
