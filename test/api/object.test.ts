// Tests data objects over the table of routes: their states, uploads, downloads, metadata and nonces.

import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { redirectDownload } from '../../api/download.ts';
import { fileUploadParameters } from '../../core/container/upload-parameters.ts';
import { objectStates, statesAllowing } from '../../core/object/state.ts';
import { givenFile, givenPlatform, givenProject, givenRecord, type Platform, putPart } from './given.ts';

let platform: Platform;
let project: string;
beforeEach(async () => {
  platform = await givenPlatform();
  project = await givenProject(platform.alice);
});

describe('an object in many places', () => {
  test('is read at the place that a request names, and elsewhere only if it is not usable there', async () => {
    const { alice, bob, context } = platform;
    const id = await givenRecord(alice, project, { name: 'wide', details: { deep: 1 }, close: true });
    const other = await givenProject(alice);
    await alice.call(`/${project}/clone`, { objects: [id], project: other });
    await alice.call(`/${other}/invite`, { invitee: 'user-bob', level: 'VIEW' });
    const searches: string[] = [];
    context.setHook({
      before: ({ name, detail }) => void (name === 'query' && detail.includes(id) && searches.push(detail)),
    });
    expect(await alice.call(`/${id}/describe`, { project: other })).toMatchObject({ project: other, name: 'wide' });
    expect(await alice.call(`/${id}/getDetails`, { project })).toEqual({ deep: 1 });
    expect(await bob.refusal(`/${id}/addTags`, { project: other, tags: ['x'] })).toMatch(/^401 PermissionDenied/);
    expect(searches).toEqual([]);
    expect(await bob.call(`/${id}/describe`, { project })).toMatchObject({ project: other });
    expect(await bob.refusal(`/${id}/getDetails`, { project })).toMatch(/^404 ResourceNotFound/);
    expect(await alice.call(`/${id}/listProjects`, { project })).toEqual({
      [project]: 'ADMINISTER',
      [other]: 'ADMINISTER',
    });
    expect(searches.length).toBeGreaterThan(0);
  });
});

describe('files', () => {
  test('are uploaded as dx does it: a part is complete right after its PUT, and close ends with a closed file', async () => {
    const { alice, context } = platform;
    const input = { name: 'reads.txt', project, folder: '/', hidden: false, parents: false, nonce: 'n1' };
    const { id } = await alice.call('/file/new', input);
    const partsAndState = { fields: { parts: true, state: true }, project };
    expect(await alice.call(`/${id}/describe`, partsAndState)).toEqual({ id, parts: {}, state: 'open' });
    expect(await alice.refusal(`/${id}/close`)).toMatch(/^422 InvalidState: .*no parts/);
    const md5 = createHash('md5').update('hello').digest('hex');
    await alice.call(`/${id}/upload`, { index: 1, size: 5, md5 });
    expect((await alice.call(`/${id}/describe`, partsAndState)).parts).toEqual({
      1: { size: 5, md5, state: 'pending' },
    });
    expect(await alice.refusal(`/${id}/close`)).toMatch(/^422 InvalidState: .*part 1 was announced but not uploaded/);
    await putPart(context, alice, id, 1, 'hello');
    const parts = { 1: { size: 5, md5, state: 'complete' } };
    expect(await alice.call(`/${id}/describe`, partsAndState)).toEqual({ id, parts, state: 'open' });
    expect(await alice.call(`/${id}/close`)).toEqual({ id });
    expect(await alice.call(`/${id}/close`)).toEqual({ id });
    expect(await alice.call(`/${id}/describe`, partsAndState)).toEqual({ id, parts, state: 'closed' });
    expect(await alice.call(`/${id}/describe`, { properties: true, details: true })).toMatchObject({
      ...{ class: 'file', name: 'reads.txt', size: 5, media: 'text/plain', archivalState: 'live' },
      ...{ project, folder: '/', hidden: false, properties: {}, details: {}, links: [], sponsored: false },
      createdBy: { user: 'user-alice' },
    });
    expect(await alice.refusal(`/${id}/upload`, { index: 1, size: 5, md5 })).toContain('is not in the open state');
    expect(context.rows.all('objects').filter((row) => row.pk.endsWith('#upload'))).toEqual([]);
  });

  test('have the media type that their uploader names, or else that of their bytes', async () => {
    const mediaOf = async (id: string) => (await platform.alice.call(`/${id}/describe`)).media;
    expect(await mediaOf(await givenFile(platform, project, { media: 'text/x-fasta' }))).toBe('text/x-fasta');
    expect(await mediaOf(await givenFile(platform, project, {}, ['%PDF-1.7']))).toBe('application/pdf');
    expect(await mediaOf(await givenFile(platform, project, {}, ['']))).toBe('application/octet-stream');
    const { id: open } = await platform.alice.call('/file/new', { project });
    expect(await mediaOf(open)).toBe('application/octet-stream');
  });

  test('need parts without gaps that are large enough', async () => {
    const { alice, context } = platform;
    const { id } = await alice.call('/file/new', { project });
    await putPart(context, alice, id, 1, 'small');
    await putPart(context, alice, id, 3, 'x');
    expect(await alice.refusal(`/${id}/close`)).toMatch(/^422 InvalidState: .*part 1 has 5 bytes/);
    await putPart(context, alice, id, 1, 'x'.repeat(fileUploadParameters.minimumPartSize));
    expect(await alice.refusal(`/${id}/close`)).toMatch(/part 2 is missing/);
  });

  test('may be empty, with one empty part', async () => {
    const { alice } = platform;
    const id = await givenFile(platform, project, { name: 'empty' }, ['']);
    expect(await alice.call(`/${id}/describe`)).toMatchObject({ size: 0, state: 'closed' });
  });

  test('are closed by the next close when one was interrupted at any write', async () => {
    for (let cut = 1; cut < 12; cut++) {
      const { alice, context } = await givenPlatform(cut);
      const place = await givenProject(alice);
      const { id } = await alice.call('/file/new', { project: place });
      await putPart(context, alice, id, 1, 'hello');
      let steps = 0;
      context.setHook({
        before: ({ writes }) => {
          if (writes && ++steps === cut) throw new Error('crash');
        },
      });
      await alice.send(`/${id}/close`).catch(() => undefined);
      context.setHook({});
      await alice.call(`/${id}/close`);
      expect(await alice.call(`/${id}/describe`, { fields: { state: true, size: true } })).toEqual({
        id,
        state: 'closed',
        size: 5,
      });
    }
  });

  test('are downloaded by links that work while the file exists and the owner of the link may see it', async () => {
    const { alice, bob, context } = platform;
    const id = await givenFile(platform, project, { name: 'a b/ü.txt' });
    const { url, headers } = await alice.call(`/${id}/download`, { preauthenticated: false, project });
    expect(headers).toEqual({});
    expect(url).toMatch(new RegExp(`^http://127.0.0.1:8000/_download/[^/]+/${project}/${id}/a%20b%2F%C3%BC.txt$`));
    const path = (link: string) => link.slice('http://127.0.0.1:8000'.length);
    expect(await redirectDownload(context, path(url))).toMatchObject({
      status: 302,
      location: expect.stringContaining(id),
    });
    expect((await alice.call(`/${id}/download`, {})).url).not.toContain(project);
    context.clock.now += 1;
    expect(await alice.call(`/${id}/download`, { project })).toEqual({ url, headers: {} });
    expect(await redirectDownload(context, path(url).replace('/_download/', '/_download/x'))).toMatchObject({
      status: 401,
    });
    const standing = await alice.call(`/${id}/download`, { preauthenticated: true, duration: 60, filename: 'f.txt' });
    expect(standing).toMatchObject({ expires: context.now() + 60_000, url: expect.stringMatching(/\/f\.txt$/) });
    const other = await givenProject(alice, 'other');
    expect(await alice.refusal(`/${id}/download`, { project: other })).toMatch(/^404/);
    expect(await bob.refusal(`/${id}/download`)).toMatch(/^404/);
    await alice.call(`/${project}/invite`, { invitee: 'user-bob', level: 'VIEW' });
    const bobs = (await bob.call(`/${id}/download`)).url as string;
    await alice.call(`/${project}/decreasePermissions`, { 'user-bob': null });
    expect(await redirectDownload(context, path(bobs))).toMatchObject({ status: 404 });
    context.clock.now += 61_000;
    expect(await redirectDownload(context, path(standing.url))).toMatchObject({ status: 401 });
    await alice.call(`/${project}/removeObjects`, { objects: [id] });
    expect(await redirectDownload(context, path(url))).toMatchObject({ status: 404 });
    expect(context.content.keys()).toEqual([]);
  });
});

describe('nonces', () => {
  test('give the same object to the same request, and are refused with another input', async () => {
    const { alice, bob } = platform;
    const input = { project, name: 'x', nonce: 'once', details: { b: 1, a: 2 } };
    const { id } = await alice.call('/record/new', input);
    expect(await alice.call('/record/new', { ...input, details: { a: 2, b: 1 } })).toEqual({ id });
    expect(await alice.refusal('/record/new', { ...input, name: 'y' })).toBe(
      '422 InvalidInput: Nonce was reused for an earlier API request that had a different input',
    );
    expect((await alice.call('/file/new', { project, nonce: 'once' })).id).not.toBe(id);
    await alice.call(`/${project}/invite`, { invitee: 'user-bob', level: 'UPLOAD' });
    expect((await bob.call('/record/new', input)).id).not.toBe(id);
    const listed = await alice.call(`/${project}/listFolder`, { only: 'objects' });
    expect(listed.objects).toHaveLength(3);
  });

  test('let a repeated call complete a creation that was interrupted at any write', async () => {
    for (let cut = 1; cut < 8; cut++) {
      const { alice, context } = await givenPlatform(cut);
      const place = await givenProject(alice);
      const input = { project: place, name: 'x', folder: '/a', parents: true, nonce: 'n', details: { k: 1 } };
      let steps = 0;
      context.setHook({
        after: ({ writes }) => {
          if (writes && ++steps === cut) throw new Error('crash');
        },
      });
      await alice.send('/record/new', input).catch(() => undefined);
      context.setHook({});
      const { id } = await alice.call('/record/new', input);
      const listed = await alice.call(`/${place}/listFolder`, { folder: '/a', describe: { fields: { name: true } } });
      expect(listed.objects).toEqual([{ id, describe: { id, name: 'x' } }]);
    }
  });
});

describe('records', () => {
  test('allow in each state exactly the operations in the table', async () => {
    const { alice } = platform;
    const inputs: Record<string, object> = {
      setDetails: { y: 2 },
      addTypes: { types: ['T'] },
      removeTypes: { types: ['T'] },
      setVisibility: { hidden: true },
      rename: { project, name: 'new' },
      addTags: { project, tags: ['t'] },
      removeTags: { project, tags: ['t'] },
      setProperties: { project, properties: { k: 'v' } },
      getDetails: {},
      close: {},
    };
    for (const state of objectStates.filter((one) => one !== 'closing')) {
      for (const [operation, input] of Object.entries(inputs)) {
        const id = await givenRecord(alice, project, { close: state === 'closed' });
        const { status } = await alice.send(`/${id}/${operation}`, input);
        const allowed: readonly string[] = statesAllowing[operation as keyof typeof statesAllowing];
        expect(status, `${operation} when ${state}`).toBe(allowed.includes(state) ? 200 : 422);
      }
    }
  });

  test('keep their metadata as it was set', async () => {
    const { alice } = platform;
    const id = await givenRecord(alice, project, { name: 'rec1', types: ['Foo'], details: { x: 1 } });
    await alice.call(`/${id}/addTags`, { project, tags: ['blue', 'green', 'blue'] });
    await alice.call(`/${id}/removeTags`, { project, tags: ['green', 'red'] });
    await alice.call(`/${id}/setProperties`, { project, properties: { color: 'red', gone: 'x', __proto__x: 'y' } });
    await alice.call(`/${id}/setProperties`, { project, properties: { gone: null } });
    await alice.call(`/${id}/rename`, { project, name: 'rec2' });
    await alice.call(`/${id}/setDetails`, ['a', { project: 'data, no hint' }]);
    await alice.call(`/${id}/addTypes`, { types: ['Bar'] });
    await alice.call(`/${id}/removeTypes`, { types: ['Foo'] });
    expect(await alice.call(`/${id}/describe`, { properties: true, details: true })).toMatchObject({
      ...{ name: 'rec2', tags: ['blue'], types: ['Bar'], properties: { color: 'red', __proto__x: 'y' } },
      details: ['a', { project: 'data, no hint' }],
    });
    expect(await alice.call(`/${id}/getDetails`, { project })).toEqual(['a', { project: 'data, no hint' }]);
    expect(await alice.call(`/${id}/listProjects`)).toEqual({ [project]: 'ADMINISTER' });
    expect(await alice.refusal(`/${id}/addTypes`, { types: ['ü'] })).toContain(
      'be an array of valid strings for a type name',
    );
    expect(await alice.refusal(`/${id}/addTags`, { project: await givenProject(alice, 'o'), tags: ['t'] })).toMatch(
      /^404/,
    );
    expect((await alice.call(`/${project}/listFolder`, { describe: true })).objects).toHaveLength(1);
  });

  test('are described with the fields that are selected in any form', async () => {
    const { alice } = platform;
    const id = await givenRecord(alice, project, { name: 'r', details: { k: 1 } });
    const names = async (input: object) => Object.keys(await alice.call(`/${id}/describe`, input)).sort();
    const defaults = await names({});
    expect(defaults).toEqual(
      [
        'class',
        'created',
        'createdBy',
        'folder',
        'hidden',
        'id',
        'links',
        'modified',
        'name',
        'project',
        'sponsored',
        'state',
        'tags',
        'types',
      ].sort(),
    );
    expect(await names({ fields: { name: true, state: false } })).toEqual(['id', 'name']);
    expect(await names({ defaultFields: true, fields: { details: true, tags: false } })).toEqual(
      [...defaults.filter((name) => name !== 'tags'), 'details'].sort(),
    );
    expect(await names({ details: true })).toEqual([...defaults, 'details'].sort());
    const hinted = await alice.call(`/${id}/describe`, { project: 'project-000000000000000000000000' });
    expect(hinted.project).toBe(project);
  });

  test('have the links in their details checked and shown', async () => {
    const { alice } = platform;
    const target = await givenRecord(alice, project);
    const link = { $dnanexus_link: target };
    const id = await givenRecord(alice, project, {
      details: { a: [link, { deep: link }], b: { $dnanexus_link: { project, id: target } } },
    });
    expect((await alice.call(`/${id}/describe`)).links).toEqual([target]);
    expect(await alice.refusal(`/${id}/setDetails`, { $dnanexus_link: 'hello' })).toMatch(/^422 InvalidInput/);
    expect(await alice.refusal(`/${id}/setDetails`, { a: { ...link, more: 1 } })).toMatch(/^422 InvalidInput/);
    expect((await alice.call('/system/findDataObjects', { link: target, scope: { project } })).results).toEqual([
      { project, id },
    ]);
    await alice.call(`/${id}/setDetails`, {});
    expect((await alice.call('/system/findDataObjects', { link: target, scope: { project } })).results).toEqual([]);
  });

  test('may be initialized from another record', async () => {
    const { alice, bob } = platform;
    const source = await givenRecord(alice, project, {
      name: 's',
      tags: ['t'],
      types: ['T'],
      properties: { k: 'v' },
      details: { d: 1 },
    });
    const id = await givenRecord(alice, project, { initializeFrom: { id: source, project }, name: 'n', close: true });
    const { details, ...rest } = await alice.call(`/${id}/describe`, { properties: true, details: true });
    expect(rest).toMatchObject({ name: 'n', tags: ['t'], types: ['T'], properties: { k: 'v' }, state: 'closed' });
    expect(details).toEqual({ d: 1 });
    const bobs = await givenProject(bob);
    expect(await bob.refusal('/record/new', { project: bobs, initializeFrom: { id: source } })).toMatch(/^404/);
  });
});

describe('applets', () => {
  const applet = {
    name: 'demo',
    title: 'Demo',
    version: '0.0.1',
    regionalOptions: {},
    inputSpec: [{ name: 'x', class: 'int', default: 3 }],
    runSpec: { interpreter: 'bash', code: 'main() { echo; }', distribution: 'Ubuntu', release: '24.04', version: '0' },
  };

  test('are closed from the start, and show their code to /get only', async () => {
    const { alice } = platform;
    const bundle = await givenFile(platform, project, { name: 'r.tar.gz', hidden: true });
    const runSpec = { ...applet.runSpec, bundledDepends: [{ name: 'r.tar.gz', id: { $dnanexus_link: bundle } }] };
    const { id } = await alice.call('/applet/new', { ...applet, runSpec, project, nonce: 'n' });
    const description = await alice.call(`/${id}/describe`);
    expect(description).toMatchObject({
      ...{ class: 'applet', state: 'closed', title: 'Demo', summary: '', access: {}, dxapi: '1.0.0', links: [bundle] },
      runSpec: {
        interpreter: 'bash',
        headJobOnDemand: false,
        inheritParentRestartOnPolicy: false,
        bundledDependsByRegion: { 'aws:us-east-1': runSpec.bundledDepends },
      },
    });
    expect(description).not.toHaveProperty('outputSpec');
    expect(description.runSpec).not.toHaveProperty('code');
    expect((await alice.call(`/${id}/get`)).runSpec).toMatchObject({ code: applet.runSpec.code });
    expect(await alice.call(`/${id}/describe`, { fields: { name: true } })).toEqual({ id, name: 'demo' });
    expect(await alice.refusal(`/${id}/addTypes`, { types: [] })).toMatch(/^404/);
    const bulk = await alice.call('/system/describeDataObjects', {
      objects: [id, bundle, 'file-000000000000000000000000', { id: bundle, describe: { fields: { parts: true } } }],
      classDescribeOptions: { applet: { fields: { inputSpec: true } }, '*': { fields: { name: true } } },
    });
    expect(bulk.results).toEqual([
      { describe: { id, inputSpec: applet.inputSpec } },
      { describe: { id: bundle, name: 'r.tar.gz' } },
      { error: expect.objectContaining({ type: 'ResourceNotFound' }), statusCode: 404 },
      { describe: { id: bundle, parts: { 1: expect.objectContaining({ size: 5 }) } } },
    ]);
  });

  test('are refused with an invalid specification or a bundled file that is not visible', async () => {
    const { alice, bob } = platform;
    expect(await alice.refusal('/applet/new', { project, runSpec: { interpreter: 'perl', code: 1 } })).toMatch(
      /^422 InvalidInput: .*interpreter.*code/,
    );
    const bundle = await givenFile(platform, project);
    const runSpec = { ...applet.runSpec, bundledDepends: [{ name: 'r', id: bundle }] };
    const bobs = await givenProject(bob);
    expect(await bob.refusal('/applet/new', { project: bobs, runSpec })).toMatch(/^404/);
    const other = await givenProject(alice, 'other');
    const gone = { name: 'g', id: 'file-000000000000000000000000' };
    const both = { ...runSpec, bundledDepends: [...runSpec.bundledDepends, gone] };
    const refused: [object, RegExp][] = [
      [{ runSpec: both }, /^404 .*file-0000/],
      [{ runSpec: both, folder: '/made', parents: true }, /^404 .*file-0000/],
      [{ runSpec, folder: '/nope' }, /^404 .*"\/nope"/],
    ];
    for (const [input, message] of refused) {
      expect(await alice.refusal('/applet/new', { project: other, ...input })).toMatch(message);
    }
    const left = await alice.call(`/${other}/listFolder`, { includeHidden: true });
    expect(left).toEqual({ objects: [], folders: [] });
    await alice.call('/applet/new', { project: other, runSpec });
    await alice.call(`/${project}/destroy`);
    expect(await alice.call(`/${bundle}/describe`)).toMatchObject({ project: other, hidden: true, state: 'closed' });
  });
});
