// Tests what users see and change of projects, objects, jobs and sessions through the real client.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenApplet, givenPlatform, givenSession, type Platform, readBytes, type Session } from './session.ts';

let platform: Platform;
let session: Session;
let project: string;
beforeAll(async () => {
  platform = await givenPlatform();
  session = await givenSession(platform);
  project = session.environment.DX_PROJECT_CONTEXT_ID ?? '';
});
afterAll(async () => {
  session?.close();
  await platform?.stop();
});

const describeJson = async (what: string) => JSON.parse(await session.ok(['describe', what, '--json']));
/** The text that `dx describe` prints, as `Field value` lines. */
const describeText = async (what: string) => (await session.ok(['describe', what])).replace(/ {2,}/g, ' ');

describe('folders with files', () => {
  it('have the same tree in dx upload -r, tree, ls -l, find data --json and download -r', async () => {
    const files = { 'a.txt': 'a\n', 'x/b.txt': 'b\n', 'x/y/c d.txt': 'c\n' };
    for (const [name, text] of Object.entries(files)) session.file(`tree/${name}`, text);
    await session.ok(['upload', '-r', 'tree', '--wait', '--brief']);
    const tree = await session.ok(['tree']);
    expect(tree.match(/(\w[\w .]*)$/gm)).toEqual(['tree', 'x', 'y', 'c d.txt', 'b.txt', 'a.txt']);
    expect(await session.ok(['ls', '-l', '/tree'])).toMatch(/x\/\n.*\n?closed .* 2 bytes +a\.txt \(file-\w{24}\)/s);
    const found = JSON.parse(await session.ok(['find', 'data', '--path', '/tree/x', '--json'])) as {
      project: string;
      describe: object;
    }[];
    expect(found).toHaveLength(2);
    for (const one of found)
      expect(one).toMatchObject({ project, describe: { class: 'file', state: 'closed', size: 2 } });
    mkdirSync(join(session.home, 'back'));
    await session.ok(['download', '-r', '/tree', '-o', 'back']);
    for (const [name, text] of Object.entries(files))
      expect(readBytes(session, `back/tree/${name}`).toString()).toBe(text);
    await session.ok(['rm', '-r', '/tree']);
    expect(await session.ok(['find', 'data', '--path', '/', '--brief'])).toBe('');
  });
});

describe('records', () => {
  it('are made, changed and closed by dx, and do not change once closed', async () => {
    const args = ['--details', '{"a": [1]}', '--type', 'T', '--tag', 't', '--property', 'k=v', '--brief'];
    const id = await session.ok(['new', 'record', 'rec', ...args]);
    expect(await describeJson(id)).toMatchObject({
      ...{ id, class: 'record', state: 'open', name: 'rec', types: ['T'], tags: ['t'], properties: { k: 'v' } },
    });
    await session.ok(['set_details', 'rec', '{"a": [1, 2]}']);
    expect(JSON.parse(await session.ok(['get_details', 'rec']))).toEqual({ a: [1, 2] });
    await session.ok(['add_types', 'rec', 'U']);
    await session.ok(['close', 'rec', '--wait']);
    expect(await describeText('rec')).toMatch(/^State closed$/m);
    const refused = await session.dx(['add_types', 'rec', 'V']);
    expect([refused.code, refused.stderr.replace(/\s+/g, ' ')]).toEqual([
      3,
      expect.stringMatching(/InvalidState.* is not in the open state/),
    ]);
    const copy = await session.ok(['new', 'record', 'copy', '--init', 'rec', '--close', '--brief']);
    expect(await describeJson(copy)).toMatchObject({ state: 'closed', types: ['T', 'U'] });
  });
});

describe('applets and jobs', () => {
  it('are described by dx as text and as JSON, and dx get returns an applet with its resources', async () => {
    givenApplet(session, 'say', {
      code: 'main() { cat known.txt; dx-jobutil-add-output said "$word" --class string; }',
      inputSpec: [
        { name: 'word', class: 'string', label: 'A word' },
        { name: 'reads', class: 'file', optional: true, patterns: ['*.fq'] },
      ],
      outputSpec: [{ name: 'said', class: 'string' }],
      runSpec: { systemRequirements: { '*': { instanceType: 'mem1_ssd1_v2_x2' } } },
    });
    session.file('say/resources/home/dnanexus/known.txt', 'known\n');
    const applet = JSON.parse(await session.ok(['build', 'say'])).id;
    expect(await describeText('say')).toMatch(/^Input Spec word \(string\)\n *\[reads \(file\)\]$/m);
    expect(await describeJson(applet)).toMatchObject({
      class: 'applet',
      runSpec: { interpreter: 'bash', bundledDepends: [{ name: 'resources.tar.gz' }] },
    });
    await session.ok(['get', 'say', '-o', 'got']);
    expect(readBytes(session, 'got/resources/home/dnanexus/known.txt').toString()).toBe('known\n');
    expect(JSON.parse(readFileSync(join(session.home, 'got/dxapp.json'), 'utf8'))).toMatchObject({
      name: 'say',
      inputSpec: [{ name: 'word' }, { name: 'reads', patterns: ['*.fq'] }],
      regionalOptions: { 'aws:us-east-1': { systemRequirements: { '*': { instanceType: 'mem1_ssd1_v2_x2' } } } },
    });

    const job = await session.ok(['run', 'say', '-iword=hey', '-y', '--brief', '--name', 'nm', '--priority', 'high']);
    await session.ok(['wait', job]);
    const text = await describeText(job);
    for (const line of [/^Job name nm$/m, /^State done$/m, /^Input word = "hey"$/m, /^Output said = "hey"$/m]) {
      expect(text).toMatch(line);
    }
    const described = await describeJson(job);
    expect(described).toMatchObject({ id: job, applet, instanceType: 'mem1_ssd1_v2_x2', priority: 'high', try: 0 });
    expect(await describeText(described.workspace)).toMatch(/^Associated project project-/m);
    await session.ok(['tag', job, 'late', 'later']);
    await session.ok(['untag', job, 'later']);
    await session.ok(['set_properties', job, 'a=b', 'c=d']);
    await session.ok(['unset_properties', job, 'c']);
    expect(await describeJson(job)).toMatchObject({ tags: ['late'], properties: { a: 'b' } });
  });

  it('have refusals that name the classes that do not exist yet', async () => {
    const reply = await session.dx(['api', 'org', 'new', '{}']);
    expect([reply.code, reply.stderr.replace(/\s+/g, ' ')]).toEqual([
      3,
      expect.stringContaining('no organizations yet'),
    ]);
    expect(await session.ok(['find', 'apps'])).toBe('');
  });
});

describe('sharing', () => {
  it('begins with dx invite and ends with dx uninvite', async () => {
    await platform.espalier('user', 'add', 'bob', '--data', platform.data);
    const bob = await givenSession(platform, { user: 'bob' });
    const seen = async () => (await bob.api(`/${project}/describe`, {})).status;
    expect(await seen()).toBe(404);
    await session.ok(['invite', 'bob', project, 'VIEW']);
    expect(await seen()).toBe(200);
    expect(await bob.ok(['find', 'projects', '--level', 'VIEW', '--brief'])).toContain(project);
    expect(await describeText(`${project}:`)).toMatch(/^ID project-/m);
    expect((await bob.dx(['new', 'record', `${project}:/no`])).stderr).toContain('PermissionDenied');
    await session.ok(['uninvite', 'bob', project]);
    expect(await seen()).toBe(404);
    expect((await session.dx(['uninvite', 'nobody.there', project])).stderr).toContain('ResourceNotFound');
    bob.close();
  });
});

describe('sessions', () => {
  it('are shown by dx env, and dx logout ends their token', async () => {
    const other = await givenSession(platform);
    const env = await other.ok(['env']);
    expect(env).toContain(new URL(platform.url).port);
    expect(env).toContain(project);
    expect(await other.ok(['env', '--bash'])).toContain(`export DX_PROJECT_CONTEXT_ID=${project}`);
    await other.ok(['exit']);
    await other.ok(['logout']);
    const reply = await other.dx(['whoami']);
    expect([reply.code, reply.stderr]).toEqual([3, expect.stringContaining('InvalidAuthentication')]);
    expect((await session.dx(['whoami'])).code).toBe(0);
    other.close();
  });
});
