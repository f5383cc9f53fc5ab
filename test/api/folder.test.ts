// Tests folders, moves, removals, clones and searches over the table of routes.

import { beforeEach, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../core/id/identifier.ts';
import { removeFolder } from '../../engine/removal/folder.ts';
import { givenFile, givenPlatform, givenProject, givenRecord, type Platform, passTime } from './given.ts';

let platform: Platform;
let project: string;
beforeEach(async () => {
  platform = await givenPlatform();
  project = await givenProject(platform.alice);
});

async function list(folder: string, place = project, input: object = {}): Promise<[string[], string[]]> {
  const answer = await platform.alice.call(`/${place}/listFolder`, {
    folder,
    describe: { fields: { name: true } },
    ...input,
  });
  const objects = answer.objects as { describe: { name: string } }[];
  return [answer.folders, objects.map(({ describe }) => describe.name)];
}

describe('folders', () => {
  test('are made and listed, and missing ones are reported', async () => {
    const { alice } = platform;
    await alice.call(`/${project}/newFolder`, { folder: '/a//b/', parents: true });
    await alice.call(`/${project}/newFolder`, { folder: '/a/b', parents: true });
    await alice.call(`/${project}/newFolder`, { folder: '/c', parents: false });
    expect(await alice.refusal(`/${project}/newFolder`, { folder: '/c' })).toMatch(/^422 InvalidState/);
    expect(await alice.refusal(`/${project}/newFolder`, { folder: '/x/y' })).toMatch(
      /^404 .*Folder "\/x" does not exist/,
    );
    for (const folder of [7, '', 'x', '/..', '/a/./b', '/\u0001']) {
      expect(await alice.refusal(`/${project}/newFolder`, { folder }), String(folder)).toMatch(
        /^422 InvalidInput: .*"folder"/,
      );
    }
    expect(await list('/')).toEqual([['/a', '/c'], []]);
    expect(await alice.call(`/${project}/listFolder`, { only: 'folders', hasSubfolderFlags: true })).toEqual({
      folders: [
        ['/a', true],
        ['/c', false],
      ],
    });
    expect((await alice.call(`/${project}/describe`, { folders: true })).folders).toEqual(['/', '/a', '/a/b', '/c']);
    expect(await alice.refusal(`/${project}/listFolder`, { folder: '/nope' })).toMatch(/^404 ResourceNotFound/);
    const long = `/${'ü'.repeat(1000)}`;
    await alice.call(`/${project}/newFolder`, { folder: long });
    await alice.call(`/${project}/newFolder`, { folder: `${long}x` });
    expect((await list('/'))[0]).toHaveLength(4);
    const strange = `/${['<b>&', 'a#b', '__proto__', '%2e%2e', '../x'].map((name) => name.replaceAll('/', ' ')).join('/')}`;
    await alice.call(`/${project}/newFolder`, { folder: strange, parents: true });
    expect(await list(strange)).toEqual([[], []]);
  });

  test('are renamed and moved with their content', async () => {
    const { alice } = platform;
    await alice.call(`/${project}/newFolder`, { folder: '/a/b', parents: true });
    await alice.call(`/${project}/newFolder`, { folder: '/c' });
    const id = await givenRecord(alice, project, { name: 'r', folder: '/a/b' });
    await alice.call(`/${project}/renameFolder`, { folder: '/a', newpath: '/z' });
    expect((await alice.call(`/${id}/describe`)).folder).toBe('/z/b');
    expect(await alice.refusal(`/${project}/renameFolder`, { folder: '/z', newpath: '/c' })).toMatch(
      /^422 InvalidState/,
    );
    expect(await alice.refusal(`/${project}/move`, { folders: ['/z'], destination: '/z/b' })).toMatch(
      /^422 InvalidInput/,
    );
    expect(await alice.refusal(`/${project}/move`, { folders: ['/'], destination: '/c' })).toMatch(/^422 InvalidInput/);
    await alice.call(`/${project}/move`, {
      folders: ['/z/b'],
      objects: [],
      destination: '/c',
      targetFileRelocation: false,
    });
    expect(await list('/c/b')).toEqual([[], ['r']]);
    await alice.call(`/${project}/move`, { objects: [id], destination: '/' });
    await alice.call(`/${id}/rename`, { project, name: 'renamed' });
    expect(await list('/')).toEqual([['/c', '/z'], ['renamed']]);
    expect(await alice.refusal(`/${project}/move`, { objects: [id], destination: '/nope' })).toMatch(/^404/);
    expect(
      await alice.refusal(`/${project}/move`, { objects: ['record-000000000000000000000000'], destination: '/c' }),
    ).toMatch(/^404/);
  });

  test('are moved all or none, also when one is inside another', async () => {
    const { alice } = platform;
    const at = `/${project}`;
    for (const folder of ['/m/in', '/n', '/to/n', '/other/m'])
      await alice.call(`${at}/newFolder`, { folder, parents: true });
    const move = (folders: string[], destination = '/to') => alice.refusal(`${at}/move`, { folders, destination });
    const before = await alice.call(`${at}/describe`, { folders: true });
    expect(await move(['/m', '/n'])).toMatch(/^422 InvalidState: folder "\/to\/n" exists already/);
    expect(await move(['/m', '/other/m'])).toMatch(/^422 InvalidState: folder "\/to\/m" exists already/);
    expect(await move(['/m', '/'])).toMatch(/^422 InvalidInput: the root/);
    expect(await move(['/m', '/nope'])).toMatch(/^404 ResourceNotFound: Folder "\/nope"/);
    expect(await move(['/m', '/to'], '/to')).toMatch(/^422 InvalidInput: "\/to" cannot be moved into itself/);
    expect(await alice.call(`${at}/describe`, { folders: true })).toEqual(before);
    await alice.call(`${at}/move`, { folders: ['/m', '/m/in'], destination: '/to' });
    expect((await alice.call(`${at}/listFolder`, { folder: '/to' })).folders).toEqual(['/to/in', '/to/m', '/to/n']);
    expect((await alice.call(`${at}/listFolder`, { folder: '/to/m' })).folders).toEqual([]);
  });

  test('are removed with content only on request, and the answer says whether the removal is complete', async () => {
    const { alice, context } = platform;
    await alice.call(`/${project}/newFolder`, { folder: '/a/b', parents: true });
    await givenFile(platform, project, { folder: '/a/b' });
    expect(await alice.refusal(`/${project}/removeFolder`, { folder: '/a', partial: true })).toMatch(
      /^422 InvalidState/,
    );
    expect(
      await alice.call(`/${project}/removeFolder`, { folder: '/a', recurse: true, force: true, partial: true }),
    ).toEqual({
      id: project,
      completed: true,
    });
    expect(await alice.call(`/${project}/removeFolder`, { folder: '/a', force: true, partial: true })).toMatchObject({
      completed: true,
    });
    expect(await alice.refusal(`/${project}/removeFolder`, { folder: '/a', partial: true })).toMatch(/^404/);
    expect(await alice.refusal(`/${project}/removeFolder`, { folder: '/' })).toMatch(/^422/);
    expect(context.rows.all('objects')).toEqual([]);
    expect(context.content.keys()).toEqual([]);
  });

  test('refuse additions during a removal, which the work queue completes if it is not repeated', async () => {
    const { alice, context } = platform;
    await alice.call(`/${project}/newFolder`, { folder: '/a/b/c', parents: true });
    for (const folder of ['/a', '/a/b', '/a/b/c']) await givenRecord(alice, project, { folder });
    const place = project as ProjectId;
    expect(await removeFolder(context, place, ['a'], { recurse: true, budget: 1 })).toBe(false);
    const input = { project, folder: '/a/b' };
    expect(await alice.refusal('/record/new', input)).toMatch(
      /^422 InvalidState: folder "\/a" is being moved or removed/,
    );
    expect(await alice.refusal(`/${project}/renameFolder`, { folder: '/a', newpath: '/z' })).toMatch(
      /is being removed/,
    );
    expect((await list('/'))[0]).toEqual(['/a']);
    await passTime(context);
    expect(await list('/')).toEqual([[], []]);
    expect(context.rows.all('objects')).toEqual([]);
    await alice.call('/record/new', { project, folder: '/a/b', parents: true });
  });
});

describe('removing objects', () => {
  test('works in any state, and is refused for a missing object unless forced', async () => {
    const { alice, context } = platform;
    const open = (await alice.call('/file/new', { project })).id as string;
    const closed = await givenFile(platform, project);
    expect(
      await alice.refusal(`/${project}/removeObjects`, { objects: [open, 'file-000000000000000000000000'] }),
    ).toMatch(/^404/);
    await alice.call(`/${project}/removeObjects`, {
      objects: [open, closed, 'file-000000000000000000000000'],
      force: true,
    });
    expect(await alice.refusal(`/${open}/describe`)).toMatch(/^404/);
    expect(context.rows.all('objects')).toEqual([]);
    expect(await alice.call(`/${project}/removeObjects`, { objects: [], force: true })).toEqual({ id: project });
  });

  test('also removes hidden objects to which only the removed ones linked', async () => {
    const { alice } = platform;
    const link = (id: string) => ({ $dnanexus_link: id });
    const shared = await givenRecord(alice, project, { name: 'shared', hidden: true });
    const deep = await givenRecord(alice, project, { name: 'deep', hidden: true, details: { back: link(shared) } });
    const chain = await givenRecord(alice, project, {
      name: 'chain',
      hidden: true,
      details: [link(deep), link(shared)],
    });
    const alone = await givenRecord(alice, project, { name: 'alone', hidden: true });
    const visible = await givenRecord(alice, project, { name: 'visible' });
    const first = await givenRecord(alice, project, { name: 'first', details: [link(chain), link(visible)] });
    const second = await givenRecord(alice, project, { name: 'second', details: [link(shared)] });
    await alice.call(`/${deep}/setDetails`, [link(chain)]);
    await alice.call(`/${project}/removeObjects`, { objects: [first] });
    const left = (await list('/', project, { includeHidden: true }))[1].sort();
    expect(left).toEqual(['alone', 'second', 'shared', 'visible']);
    await alice.call(`/${project}/removeObjects`, { objects: [second] });
    expect((await list('/', project, { includeHidden: true }))[1].sort()).toEqual(['alone', 'visible']);
    expect(alone).toMatch(/^record-/);
  });

  test('needs ADMINISTER in a protected project', async () => {
    const { alice, bob } = platform;
    const id = await givenRecord(alice, project);
    await alice.call(`/${project}/invite`, { invitee: 'user-bob', level: 'CONTRIBUTE' });
    await alice.call(`/${project}/update`, { protected: true });
    expect(await bob.refusal(`/${project}/removeObjects`, { objects: [id] })).toMatch(/^401 PermissionDenied/);
    await alice.call(`/${project}/removeObjects`, { objects: [id] });
  });
});

describe('clones', () => {
  test('share the content, have their own metadata, and remain when their source is removed', async () => {
    const { alice, context } = platform;
    const other = await givenProject(alice, 'other');
    const id = await givenFile(platform, project, { name: 'f', tags: ['t'], properties: { k: 'v' } });
    expect(
      await alice.call(`/${project}/clone`, { objects: [id], folders: [], project: other, destination: '/' }),
    ).toEqual({
      id: project,
      project: other,
      exists: [],
    });
    expect(await alice.call(`/${project}/clone`, { objects: [id], project: other })).toMatchObject({ exists: [id] });
    await alice.call(`/${id}/rename`, { project: other, name: 'g' });
    expect(await list('/')).toEqual([[], ['f']]);
    expect(await list('/', other)).toEqual([[], ['g']]);
    expect(await alice.call(`/${id}/listProjects`)).toEqual({ [project]: 'ADMINISTER', [other]: 'ADMINISTER' });
    await alice.call(`/${project}/removeObjects`, { objects: [id] });
    expect(context.content.keys()).toHaveLength(1);
    expect(await alice.call(`/${id}/describe`, { properties: true })).toMatchObject({
      project: other,
      tags: ['t'],
      properties: { k: 'v' },
      size: 5,
    });
    await alice.call(`/${other}/destroy`);
    expect(context.content.keys()).toEqual([]);
    expect(context.rows.all('objects')).toEqual([]);
  });

  test('include hidden linked objects, and folders', async () => {
    const { alice } = platform;
    const other = await givenProject(alice, 'other');
    const close = { close: true };
    const hidden = await givenRecord(alice, project, { name: 'hidden', hidden: true, ...close });
    await givenRecord(alice, project, { name: 'stays', hidden: true, folder: '/a', parents: true, ...close });
    await givenRecord(alice, project, {
      name: 'top',
      folder: '/a/b',
      parents: true,
      details: [{ $dnanexus_link: hidden }],
      ...close,
    });
    await alice.call(`/${project}/newFolder`, { folder: '/a/empty' });
    await alice.call(`/${project}/clone`, { folders: ['/a'], project: other, destination: '/x/y', parents: true });
    expect((await alice.call(`/${other}/describe`, { folders: true })).folders).toEqual([
      '/',
      '/x',
      '/x/y',
      '/x/y/a',
      '/x/y/a/b',
      '/x/y/a/empty',
    ]);
    expect((await list('/x/y/a/b', other, { includeHidden: true }))[1].sort()).toEqual(['hidden', 'top']);
    expect(await list('/x/y/a', other, { includeHidden: true })).toEqual([['/x/y/a/b', '/x/y/a/empty'], []]);
    expect(await alice.refusal(`/${project}/clone`, { folders: ['/a'], project: other, destination: '/x/y' })).toMatch(
      /^422 InvalidState/,
    );
  });

  test('are refused for open objects, restricted sources, and places without the needed level', async () => {
    const { alice, bob } = platform;
    const other = await givenProject(alice, 'other');
    const open = await givenRecord(alice, project);
    expect(await alice.refusal(`/${project}/clone`, { objects: [open], project: other })).toMatch(
      /^422 InvalidState: .*closed/,
    );
    await alice.call(`/${open}/close`);
    expect(await alice.refusal(`/${project}/clone`, { objects: [open], project: other, destination: '/no' })).toMatch(
      /^404/,
    );
    expect(await alice.refusal(`/${other}/clone`, { objects: [open], project })).toMatch(/^404/);
    await alice.call(`/${project}/invite`, { invitee: 'user-bob', level: 'VIEW' });
    expect(await bob.refusal(`/${project}/clone`, { objects: [open], project: other })).toMatch(/^404/);
    const bobs = await givenProject(bob, 'bobs');
    await bob.call(`/${project}/clone`, { objects: [open], project: bobs });
    await alice.call(`/${project}/update`, { restricted: true });
    expect(await alice.refusal(`/${project}/clone`, { objects: [open], project: other })).toMatch(
      /^401 PermissionDenied/,
    );
  });
});

describe('searches', () => {
  async function find(input: object): Promise<[string[], unknown]> {
    const answer = await platform.alice.call('/system/findDataObjects', {
      describe: { fields: { name: true } },
      ...input,
    });
    return [(answer.results as { describe: { name: string } }[]).map(({ describe }) => describe.name), answer.next];
  }

  beforeEach(async () => {
    const { alice, context } = platform;
    const tick = () => (context.clock.now += 1_000);
    await givenFile(platform, project, { name: 's1_R1.txt', tags: ['t1'], properties: { k: 'v' } });
    tick();
    await givenFile(platform, project, { name: 's2_R1.txt', folder: '/a/b', parents: true });
    tick();
    await givenRecord(alice, project, { name: 'rec [1]', types: ['Foo'], hidden: true });
    tick();
    await givenRecord(alice, project, { name: 'S1_R1.TXT', tags: ['t1', 't2'], properties: { k: 'w', z: '' } });
  });

  test('select by every filter', async () => {
    const scope = { project };
    expect(await find({ scope })).toEqual([['S1_R1.TXT', 's2_R1.txt', 's1_R1.txt'], null]);
    expect(await find({})).toEqual([['S1_R1.TXT', 's2_R1.txt', 's1_R1.txt'], null]);
    const cases: [object, string[]][] = [
      [{ class: 'file' }, ['s2_R1.txt', 's1_R1.txt']],
      [{ class: 'database' }, []],
      [{ state: 'open' }, ['S1_R1.TXT']],
      [{ visibility: 'hidden' }, ['rec [1]']],
      [{ visibility: 'either', type: 'Foo' }, ['rec [1]']],
      [{ visibility: 'either', name: { glob: 'rec [1]' } }, ['rec [1]']],
      [{ name: { glob: 's?_*.txt' } }, ['s2_R1.txt', 's1_R1.txt']],
      [{ name: 's1_R1.txt' }, ['s1_R1.txt']],
      [{ name: { regexp: '^s1', flags: 'i' } }, ['S1_R1.TXT', 's1_R1.txt']],
      [{ tags: { $and: ['t1'] } }, ['S1_R1.TXT', 's1_R1.txt']],
      [{ tags: { $and: ['t1', { $or: ['t2', 'x'] }] } }, ['S1_R1.TXT']],
      [{ tag: 't1', properties: { k: 'v' } }, ['s1_R1.txt']],
      [{ properties: { k: true } }, ['S1_R1.TXT', 's1_R1.txt']],
      [{ properties: { z: false } }, ['s2_R1.txt', 's1_R1.txt']],
      [{ properties: { $or: [{ k: 'v' }, { z: '' }] } }, ['S1_R1.TXT', 's1_R1.txt']],
      [{ scope: { project, folder: '/', recurse: false } }, ['S1_R1.TXT', 's1_R1.txt']],
      [{ scope: { project, folder: '/a' } }, ['s2_R1.txt']],
      [{ scope: { project, folder: '/a', recurse: false } }, []],
      [{ created: { before: 1_700_000_000_000 } }, ['s1_R1.txt']],
      [{ modified: { after: -1_500 } }, ['S1_R1.TXT']],
      [{ sortBy: { field: 'name', ordering: 'ascending' } }, ['S1_R1.TXT', 's1_R1.txt', 's2_R1.txt']],
      [{ level: 'ADMINISTER' }, ['S1_R1.TXT', 's2_R1.txt', 's1_R1.txt']],
      [{ region: 'aws:eu-west-1' }, []],
      [{ id: ['file-000000000000000000000000', 'nonsense'] }, []],
    ];
    for (const [input, names] of cases)
      expect(await find({ scope, ...input }), JSON.stringify(input)).toEqual([names, null]);
    expect(await platform.alice.refusal('/system/findDataObjects', { scope: { project, folder: '/no' } })).toMatch(
      /^404/,
    );
    expect(await platform.bob.refusal('/system/findDataObjects', { scope })).toMatch(/^404/);
    expect(await platform.alice.refusal('/system/findDataObjects', { name: { regexp: '(' } })).toMatch(
      /^422 InvalidInput: .*"name"/,
    );
  });

  test('continue after the last object of a page, even if that was removed', async () => {
    const { alice } = platform;
    const [first, next] = await find({ scope: { project }, limit: 1 });
    expect(first).toEqual(['S1_R1.TXT']);
    expect(next).toMatchObject({ project });
    const [second, after] = await find({ scope: { project }, limit: 1, starting: next });
    expect(second).toEqual(['s2_R1.txt']);
    await alice.call(`/${project}/removeObjects`, { objects: [(after as { id: string }).id] });
    expect(await find({ scope: { project }, starting: after })).toEqual([['s1_R1.txt'], null]);
  });

  test('resolve names to objects in the order of the input', async () => {
    const { alice } = platform;
    const objects = [
      { name: 's2_R1.txt', folder: '/a/b', project },
      { name: 'none' },
      { name: 's1_R1.txt' },
      { name: 'x', folder: '/no' },
    ];
    const { results } = await alice.call('/system/resolveDataObjects', {
      objects,
      project,
      describe: { fields: { name: true } },
    });
    expect(results).toMatchObject([
      [{ describe: { name: 's2_R1.txt' } }],
      [],
      [{ describe: { name: 's1_R1.txt' } }],
      [],
    ]);
    expect(await alice.call('/system/resolveDataObjects', { objects: [] })).toEqual({ results: [] });
  });

  test('end within seconds, whatever pattern is sent', async () => {
    const { alice } = platform;
    await givenRecord(alice, project, { name: 'a'.repeat(2_000) });
    const started = performance.now();
    for (const regexp of [
      '(a*)*b',
      '(a|a)*b',
      '(a+)+$b',
      'a{100}a{100}a{100}',
      '((a{50}){50}){50}',
      '(.*)(.*)(.*)(.*)x',
    ]) {
      await alice.send('/system/findDataObjects', { scope: { project }, name: { regexp } });
    }
    await alice.send('/system/findDataObjects', { scope: { project }, name: { glob: `${'*a'.repeat(500)}b` } });
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
