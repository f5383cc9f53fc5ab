// Tests batches, SSH keys and unknown members over the table of routes.

import { beforeEach, describe, expect, test } from 'vitest';
import { givenFile, givenPlatform, givenProject, type Platform } from './given.ts';

let platform: Platform;
let project: string;
beforeEach(async () => {
  platform = await givenPlatform();
  project = await givenProject(platform.alice);
});

const givenApplet = async () =>
  (
    await platform.alice.call('/applet/new', {
      project,
      name: 'align',
      dxapi: '1.0.0',
      inputSpec: [
        { name: 'reads', class: 'file' },
        { name: 'label', class: 'string' },
        { name: 'n', class: 'int', default: 3 },
      ],
      outputSpec: [],
      runSpec: { interpreter: 'bash', code: ':', distribution: 'Ubuntu', release: '24.04', version: '0' },
    })
  ).id;

describe('generateBatchInputs', () => {
  const generate = (input: object) => platform.alice.call('/system/generateBatchInputs', { project, ...input });

  test('finds closed and visible files in the folder and below it, by their whole names', async () => {
    const file = await givenFile(platform, project, { name: 's1.bam', folder: '/in/deep', parents: true });
    await givenFile(platform, project, { name: 's1.bam.bai', folder: '/in' });
    await givenFile(platform, project, { name: 's2.bam', folder: '/in', hidden: true });
    await givenFile(platform, project, { name: 's3.bam', folder: '/elsewhere', parents: true });
    await platform.alice.call('/file/new', { project, name: 's4.bam', folder: '/in' });
    expect(await generate({ folder: '/in', inputs: { reads: 's(.*).bam' } })).toEqual({
      batchInputs: [{ batchPattern: '1', inputs: { reads: { name: 's1.bam', ids: [file] } } }],
    });
  });

  test.each([
    [{ inputs: { a: 'x' } }, /^422 InvalidInput: .*have a group/],
    [{ inputs: { a: '(' } }, /^422 InvalidInput/],
    [{ inputs: {} }, /^422 InvalidInput/],
    [{ inputs: { a: '(.*)' }, folder: '/nowhere' }, /^404 ResourceNotFound: Folder "\/nowhere" does not exist/],
  ])('refuses %j', async (input, refusal) => {
    expect(await platform.alice.refusal('/system/generateBatchInputs', { project, ...input })).toMatch(refusal);
  });

  test('is refused to users who do not see the project', async () => {
    const input = { project, inputs: { a: '(.*)' } };
    expect(await platform.bob.refusal('/system/generateBatchInputs', input)).toMatch(/^404/);
  });
});

describe('validateBatch', () => {
  test('returns one input for each row, without defaults', async () => {
    const applet = await givenApplet();
    const link = { $dnanexus_link: { project, id: await givenFile(platform, project) } };
    const batch = { batchInput: { label: ['a', 'b'] }, commonInput: { reads: link }, files: [], instanceTypes: [] };
    expect(await platform.alice.call(`/${applet}/validateBatch`, batch)).toEqual({
      expandedBatch: [
        { reads: link, label: 'a' },
        { reads: link, label: 'b' },
      ],
    });
  });

  test.each([
    ['a missing input', { batchInput: { label: ['a'] } }, /InvalidInput: .*"reads" \(file\) is missing/],
    ['an unknown input', { batchInput: { label: ['a'], x: [1] } }, /InvalidInput: .*no input "x"/],
    [
      'a value of the wrong class',
      { batchInput: { label: [1], reads: ['LINK'] } },
      /InvalidInput: .*row 1 of the batch: "label"/,
    ],
    ['columns of different lengths', { batchInput: { label: ['a', 'b'], reads: ['LINK'] } }, /"label" 2, "reads" 1/],
    ['an unknown instance type', { instanceTypes: ['huge'] }, /InvalidInput: .*no instance type huge/],
    [
      'a file that does not exist',
      { batchInput: { label: ['a'], reads: ['NONE'] } },
      /^404 ResourceNotFound: The entity file-/,
    ],
  ])('refuses %s', async (_, batch, refusal) => {
    const links: Record<string, string> = { LINK: await givenFile(platform, project), NONE: `file-${'0'.repeat(24)}` };
    const sent = JSON.parse(JSON.stringify(batch), (_key, value) =>
      typeof value === 'string' && value in links ? { $dnanexus_link: links[value] } : value,
    );
    expect(await platform.alice.refusal(`/${await givenApplet()}/validateBatch`, sent)).toMatch(refusal);
  });
});

describe('users', () => {
  test('can set, read and remove their own SSH key, and no other', async () => {
    const { alice, bob } = platform;
    expect(await alice.call('/user-alice/describe')).not.toHaveProperty('sshPublicKey');
    await alice.call('/user-alice/update', { sshPublicKey: 'ssh-ed25519 AAAA\n' });
    expect(await alice.call('/user-alice/describe')).toMatchObject({ sshPublicKey: 'ssh-ed25519 AAAA\n' });
    expect(await bob.call('/user-alice/describe')).not.toHaveProperty('sshPublicKey');
    expect(await bob.refusal('/user-alice/update', { sshPublicKey: null })).toMatch(/^401 PermissionDenied/);
    expect(await alice.refusal('/user-zed/update', {})).toMatch(/^404/);
    await alice.call('/user-alice/update', { sshPublicKey: null });
    expect(await alice.call('/user-alice/describe')).not.toHaveProperty('sshPublicKey');
  });

  test.each(['user-ψ', 'user-zed', 'zed@example.com'])(
    '%s cannot be removed from a project, because the user does not exist',
    async (who) => {
      expect(await platform.alice.refusal(`/${project}/decreasePermissions`, { [who]: null })).toMatch(
        /^404 ResourceNotFound/,
      );
    },
  );
});
