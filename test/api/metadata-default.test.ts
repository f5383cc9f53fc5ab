// Tests defaults that are the metadata of what another input links to (docs/reference/api.md, "Input and output
// specifications").

import { beforeAll, describe, expect, test } from 'vitest';
import { givenFile, givenPlatform, givenProject, type Platform } from './given.ts';

const from = (input: string, metadata: string) => ({ $dnanexus_link: { input, metadata } });
const inputSpec = [
  { name: 'sample', class: 'string', default: from('reads', 'properties.sample') },
  { name: 'title', class: 'string', default: from('reads', 'name') },
  { name: 'reads', class: 'file', optional: true },
];
let platform: Platform;
let project: string;
let file: string;

beforeAll(async () => {
  platform = await givenPlatform();
  project = await givenProject(platform.alice);
  file = await givenFile(platform, project, { name: 'a.fastq', properties: { sample: 'S1' } });
});

const newApplet = (spec: object[]) => ({ project, inputSpec: spec, runSpec: { interpreter: 'bash', code: '' } });
const givenApplet = async (spec: object[] = inputSpec) =>
  (await platform.alice.call('/applet/new', newApplet(spec))).id;
const link = (id: string) => ({ $dnanexus_link: id });

async function inputsOf(applet: string, input: object) {
  const { id } = await platform.alice.call(`/${applet}/run`, { project, input });
  const fields = { runInput: true, originalInput: true };
  return platform.alice.call(`/${id}/describe`, { fields });
}

describe('a default from metadata', () => {
  test('is the name and a property of the file that the other input links to', async () => {
    const reads = link(file);
    expect(await inputsOf(await givenApplet(), { reads })).toEqual({
      runInput: { reads },
      originalInput: { reads, sample: 'S1', title: 'a.fastq' },
    });
  });

  test('is that of the place from which the file is taken', async () => {
    const second = await givenProject(platform.alice, 'second');
    await platform.alice.call(`/${project}/clone`, { objects: [file], project: second });
    await platform.alice.call(`/${file}/rename`, { project: second, name: 'b.fastq' });
    const reads = { $dnanexus_link: { project: second, id: file } };
    const { originalInput } = await inputsOf(await givenApplet(), { reads, sample: 's' });
    expect(originalInput).toEqual({ reads, sample: 's', title: 'b.fastq' });
  });

  test('is none when the other input is not given', async () => {
    expect((await inputsOf(await givenApplet(), {})).originalInput).toEqual({});
  });

  test('is taken from the default of the other input', async () => {
    const spec = [{ name: 'reads', class: 'file', default: link(file) }, ...inputSpec.slice(0, 2)];
    const { originalInput } = await inputsOf(await givenApplet(spec), {});
    expect(originalInput).toEqual({ reads: link(file), sample: 'S1', title: 'a.fastq' });
  });

  test('is asked for with the output, when the other input is an output of a job', async () => {
    const applet = await givenApplet();
    const { id: job } = await platform.alice.call(`/${applet}/run`, { project, input: {} });
    const reads = { $dnanexus_link: { job, field: 'made', index: 1 } };
    const { originalInput } = await inputsOf(applet, { reads, sample: 's' });
    const title = { $dnanexus_link: { job, field: 'made', index: 1, metadata: 'name' } };
    expect(originalInput).toEqual({ reads, sample: 's', title });
    const legacy = await inputsOf(applet, { reads: { job, field: 'made' }, sample: 's' });
    expect(legacy.originalInput).toMatchObject({ title: { $dnanexus_link: { job, field: 'made', metadata: 'name' } } });
  });

  test('that does not exist is refused at the call, with what to give', async () => {
    const plain = await givenFile(platform, project);
    const input = { reads: link(plain) };
    expect(await platform.alice.refusal(`/${await givenApplet()}/run`, { project, input })).toBe(
      `422 InvalidInput: the default of the input "sample": ${plain} has no "properties.sample"; give "sample"`,
    );
  });

  test('of an input that is not one link is refused at the call', async () => {
    const applet = await givenApplet([
      { name: 'list', class: 'array:file' },
      { name: 'title', class: 'string', default: from('list', 'name') },
    ]);
    expect(await platform.alice.refusal(`/${applet}/run`, { project, input: { list: [link(file)] } })).toMatch(
      /^422 InvalidInput: the default of the input "title" is "name" of "list", which does not link to one object: give "title"/,
    );
  });

  test('of an object that the caller does not see says no more than that it is not found', async () => {
    const bobs = await givenProject(platform.bob);
    const open = newApplet(inputSpec);
    const applet = (await platform.bob.call('/applet/new', { ...open, project: bobs })).id;
    const input = { reads: link(file) };
    expect(await platform.bob.refusal(`/${applet}/run`, { project: bobs, input })).toMatch(
      `404 ResourceNotFound: The entity ${file} could not be found, or you may not see it`,
    );
  });

  test.each([
    [from('nobody', 'name'), 'takes the metadata of "nobody", which is not another input'],
    [from('title', 'name'), 'takes the metadata of "title", which is not another input'],
    [from('reads', 'size'), 'must have "id", "job" or "analysis"'],
    [[from('reads', 'name')], 'must have "id", "job" or "analysis"'],
  ])('with the form %j is refused when the applet is made', async (otherwise, problem) => {
    const spec = [{ name: 'title', class: 'string', default: otherwise }, inputSpec[2] as object];
    expect(await platform.alice.refusal('/applet/new', newApplet(spec))).toContain(problem);
  });
});
