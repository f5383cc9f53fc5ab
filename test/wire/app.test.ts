// Apps and global workflows through the real client: built from folders, published, found, shared, installed and taken
// apart again. Bob is a second tenant.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenPlatform, givenSession, type Platform, type Session } from './session.ts';

let platform: Platform;
let alice: Session;
let bob: Session;
beforeAll(async () => {
  platform = await givenPlatform();
  alice = await givenSession(platform);
  await platform.espalier('user', 'add', 'bob', '--data', platform.data);
  bob = await givenSession(platform, { user: 'bob' });
});
afterAll(async () => {
  alice?.close();
  bob?.close();
  await platform?.stop();
});

const number = { name: 'n', class: 'int' };
const runSpec = { interpreter: 'bash', file: 'src.sh', distribution: 'Ubuntu', release: '24.04', version: '0' };
const app = {
  ...{ name: 'count', title: 'Counter', summary: 'Counts on', dxapi: '1.0.0', version: '1.0.0', openSource: true },
  ...{ inputSpec: [number], outputSpec: [number], runSpec, categories: ['Statistics'] },
};
const code = 'main() { dx-jobutil-add-output n $((n + 1)) --class int; }\n';

function writeApp(session: Session, more: object = {}): void {
  session.file('count/dxapp.json', JSON.stringify({ ...app, ...more }));
  session.file('count/src.sh', code);
  session.file('count/Readme.md', 'Counts on by one.\n');
  session.file('count/resources/opt/step.txt', '1\n');
}

const build = async (...options: string[]) => JSON.parse(await alice.ok(['build', '--app', 'count', ...options]));
const describeJson = async (what: string, session = alice) =>
  JSON.parse(await session.ok(['describe', what, '--json']));
/** The output without the line breaks with which the client fills the screen. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

describe('an app', () => {
  it('is built, updated until it is published, and gets further versions', async () => {
    writeApp(alice);
    const { id } = await build();
    expect(await describeJson('app-count')).toMatchObject({
      ...{ id, class: 'app', title: 'Counter', version: '1.0.0', aliases: ['1.0.0', 'default'] },
      ...{ categories: ['Statistics'], description: 'Counts on by one.\n', billTo: await alice.ok(['whoami', '--id']) },
    });
    writeApp(alice, { title: 'Second title' });
    expect((await build()).id).toBe(id);
    expect(flat(await alice.ok(['describe', 'app-count/1.0.0']))).toMatch(/Published - Title Second title/);
    expect(await alice.ok(['find', 'apps'])).toBe('');
    expect(await alice.ok(['find', 'apps', '--unpublished', '--brief'])).toBe(id);
    await alice.ok(['publish', 'count/1.0.0']);
    expect(flat((await alice.dx(['publish', 'count/1.0.0'])).stderr)).toMatch(/is already published/);
    const next = await build('--version', '1.1.0', '--publish');
    expect(next.id).not.toBe(id);
    expect((await describeJson('app-count')).id).toBe(next.id);
    expect((await alice.dx(['build', '--app', 'count', '--no-version-autonumbering'])).code).toBe(3);
    expect((await alice.ok(['find', 'apps', '--all'])).trim().split('\n')).toEqual([
      expect.stringMatching(/Second title \(count\), v1\.0\.0/),
      expect.stringMatching(/Second title \(count\), v1\.1\.0/),
    ]);
    expect(await alice.ok(['find', 'apps', '--name', 'c*t', '--category', 'Statistics', '--brief'])).toBe(next.id);
    expect(await alice.ok(['find', 'apps', '--creator', 'user-bob', '--brief'])).toBe('');
  });

  it('outlives the project in which it was built, and comes back as a folder with its resources', async () => {
    await alice.ok(['get', 'app-count', '-o', 'back']);
    const written = JSON.parse(readFileSync(join(alice.home, 'back', 'dxapp.json'), 'utf8'));
    expect(written).toMatchObject({ name: 'count', version: '1.1.0', categories: ['Statistics'], inputSpec: [number] });
    expect(readFileSync(join(alice.home, 'back', 'Readme.md'), 'utf8')).toBe('Counts on by one.\n');
    expect(readFileSync(join(alice.home, 'back', 'resources', 'opt', 'step.txt'), 'utf8')).toBe('1\n');
  });

  it('is seen by those whom a developer authorizes, who may install it', async () => {
    expect((await bob.dx(['describe', 'app-count'])).code).toBe(3);
    expect(await bob.ok(['find', 'apps'])).toBe('');
    writeApp(bob);
    expect(flat((await bob.dx(['build', '--app', 'count'])).stderr)).toMatch(
      /You may not create a version of app-count/,
    );
    await alice.ok(['add', 'users', 'count', 'bob']);
    expect(await alice.ok(['list', 'users', 'app-count'])).toBe('user-bob');
    expect(await bob.ok(['install', 'count'])).toBe('Installed the count app');
    expect(await bob.ok(['find', 'apps', '--installed'])).toMatch(/\(count\), v1\.1\.0/);
    expect(await describeJson('app-count', bob)).toMatchObject({ installed: true, installs: 1, isDeveloperFor: false });
    await bob.ok(['get', 'app-count', '-o', 'back']);
    expect(readFileSync(join(bob.home, 'back', 'resources', 'opt', 'step.txt'), 'utf8')).toBe('1\n');
    expect(readFileSync(join(bob.home, 'back', 'src', 'code.sh'), 'utf8')).toBe(code);
    await bob.ok(['new', 'project', 'counted', '-s']);
    const job = await bob.ok(['run', 'count', '-in=1', '-y', '--brief']);
    await bob.ok(['wait', job]);
    expect(await describeJson(job, bob)).toMatchObject({ state: 'done', executableName: 'count', output: { n: 2 } });
    await alice.ok(['remove', 'users', 'count', 'bob']);
    expect((await bob.dx(['describe', 'app-count'])).code).toBe(3);
    await bob.ok(['uninstall', 'count']);
    expect((await bob.dx(['uninstall', 'count'])).code).toBe(3);
  });

  it('has developers, and its versions can be deleted', async () => {
    await alice.ok(['add', 'developers', 'count', 'bob']);
    expect((await bob.ok(['list', 'developers', 'app-count'])).split('\n')).toContain('user-bob');
    await bob.ok(['remove', 'developers', 'count', 'bob']);
    expect((await bob.dx(['list', 'developers', 'app-count'])).code).toBe(3);
    const { id } = await describeJson('app-count/1.0.0');
    await alice.ok(['api', 'app-count/1.0.0', 'delete']);
    expect(await alice.ok(['describe', id])).toMatch(/Deleted +true/);
    expect((await alice.dx(['describe', 'app-count/1.0.0'])).code).toBe(3);
  });
});

describe('a global workflow', () => {
  it('is built, published, found, shared and taken apart', async () => {
    writeApp(alice);
    const applet = JSON.parse(await alice.ok(['build', 'count', '--destination', '/counter'])).id;
    const link = { $dnanexus_link: { stage: 'a', outputField: 'n' } };
    const stages = [
      { id: 'a', name: 'first', executable: applet },
      { id: 'b', name: 'second', executable: applet, input: { n: link } },
    ];
    const workflow = { name: 'twice', title: 'Twice', summary: 'Counts', version: '1.0.0', dxapi: '1.0.0', stages };
    alice.file('twice/dxworkflow.json', JSON.stringify(workflow));
    const { id } = JSON.parse(await alice.ok(['build', '--globalworkflow', 'twice', '--json']));
    expect(await describeJson('globalworkflow-twice')).toMatchObject({
      id,
      name: 'twice',
      aliases: ['1.0.0', 'default'],
    });
    expect((await alice.dx(['publish', 'twice'])).code).toBe(3);
    await alice.ok(['publish', 'twice/1.0.0']);
    expect(flat((await alice.dx(['publish', 'twice/1.0.0'])).stderr)).toMatch(/is already published/);
    expect(await alice.ok(['find', 'globalworkflows', '--brief'])).toBe(id);
    expect((await bob.dx(['describe', 'globalworkflow-twice'])).code).toBe(3);
    await alice.ok(['add', 'users', 'twice', 'bob']);
    expect(await bob.ok(['find', 'globalworkflows', '--brief'])).toBe(id);
    expect(await alice.ok(['describe', 'globalworkflow-twice'])).toMatch(/Stage 0.*first.*Stage 1.*second/s);
    await bob.ok(['new', 'project', 'bobs', '-s']);
    const analysis = await bob.ok(['run', 'globalworkflow-twice', '-i0.n=5', '-y', '--brief']);
    await bob.ok(['wait', analysis]);
    expect(await describeJson(analysis, bob)).toMatchObject({ executable: id, output: { 'a.n': 6, 'b.n': 7 } });
    expect(await bob.ok(['describe', analysis])).toMatch(new RegExp(`Workflow +${id}`));
    await bob.ok(['get', 'globalworkflow-twice']);
    const written = JSON.parse(readFileSync(join(bob.home, 'twice', 'dxworkflow.json'), 'utf8'));
    expect(written).toMatchObject({ name: 'twice', version: '1.0.0', stages });
  });
});
