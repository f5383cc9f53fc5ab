// Tests projects, folders and files through the real client: their bytes and metadata, in addition to exit codes.

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { givenSession, md5, readBytes } from './session.ts';
import { platform, session, useSession } from './shared-session.ts';

useSession();

describe('users', () => {
  it('are named by dx whoami', async () => {
    const handle = /^user\s+user-(\S+)/m.exec(platform.printed)?.[1];
    expect(handle).toBeTruthy();
    expect(await session.ok(['whoami'])).toBe(handle);
    expect(await session.ok(['whoami', '--id'])).toBe(`user-${handle}`);
  });

  it('log in with the printed password, and need no environment variables afterwards', async () => {
    const password = /^password\s+(\S+)/m.exec(platform.printed)?.[1] ?? '';
    const handle = await session.ok(['whoami']);
    const reply = await session.dx(['login', '--noprojects'], {
      input: `${handle}\n${password}\n`,
      without: ['DX_SECURITY_CONTEXT'],
    });
    expect(reply.code, reply.stdout + reply.stderr).toBe(0);
    const without = Object.keys(session.environment).filter((name) => name.startsWith('DX_'));
    expect(await session.ok(['whoami'], { without })).toBe(handle);
  });

  it('get InvalidAuthentication for an unknown token', async () => {
    const env = { DX_SECURITY_CONTEXT: '{"auth_token":"nobody","auth_token_type":"Bearer"}' };
    const reply = await session.dx(['whoami'], { env });
    expect(reply.code).toBe(3);
    expect(reply.stderr).toContain('InvalidAuthentication');
  });
});

describe('projects and folders', () => {
  it('dx new project, find projects, select, describe and rmproject work on a project', async () => {
    const id = await session.ok(['new', 'project', 'reads of may', '--brief']);
    expect(id).toMatch(/^project-[0-9A-Za-z]{24}$/);
    expect(await session.ok(['find', 'projects', '--name', 'reads*', '--brief'])).toBe(id);
    expect(await session.ok(['select', id])).toContain(id);
    const described = JSON.parse(await session.ok(['describe', id, '--json']));
    expect(described).toMatchObject({
      id,
      class: 'project',
      name: 'reads of may',
      level: 'ADMINISTER',
      region: 'aws:us-east-1',
    });
    await session.ok(['rmproject', '-y', id]);
    expect(await session.ok(['find', 'projects', '--name', 'reads*', '--brief'])).toBe('');
  });

  it('dx mkdir -p, cd, ls, pwd and rmdir work on folders, and fail for a missing or full one', async () => {
    await session.ok(['mkdir', '-p', '/a/b c/d']);
    await session.ok(['mkdir', '-p', '/a/b c/d']);
    await session.ok(['cd', '/a']);
    expect(await session.ok(['ls'])).toBe('b c/');
    expect(await session.ok(['pwd'])).toContain(':/a');
    expect((await session.dx(['cd', '/nowhere'])).code).not.toBe(0);
    expect((await session.dx(['rmdir', '/a'])).code).not.toBe(0);
    await session.ok(['cd', '/']);
    await session.ok(['rmdir', '/a/b c/d']);
  });

  it.each(['..%2f..', '<script>', "it's", '$(id)', 'ünïcödé', 'a b', '-n'])(
    'a folder named %j keeps its name',
    async (name) => {
      const project = session.environment.DX_PROJECT_CONTEXT_ID ?? '';
      const made = await session.api(`/${project}/newFolder`, { folder: `/names/${name}`, parents: true });
      expect(made.status).toBe(200);
      const listed = await session.api(`/${project}/listFolder`, { folder: '/names' });
      expect(listed.body.folders).toContain(`/names/${name}`);
    },
  );
});

describe('files', () => {
  it.each([
    ['empty', Buffer.alloc(0)],
    ['one byte', Buffer.from('x')],
    ['random megabytes', randomBytes(3 * 1024 * 1024)],
    ['several parts', randomBytes(11 * 1024 * 1024 + 17)],
  ])('are uploaded, described and downloaded with the same bytes: %s', async (label, bytes) => {
    const name = `${label.replaceAll(' ', '-')}.bin`;
    session.file(name, bytes);
    const args = bytes.length > 6e6 ? ['--buffer-size', '5242880'] : [];
    const id = await session.ok(['upload', name, '--wait', '--brief', '--path', `/files/${name}`, '-p', ...args]);
    const described = JSON.parse(await session.ok(['describe', id, '--json']));
    expect(described).toMatchObject({ id, class: 'file', state: 'closed', name, folder: '/files', size: bytes.length });
    await session.ok(['download', id, '-o', `${name}.back`]);
    expect(md5(readBytes(session, `${name}.back`))).toBe(md5(bytes));
  });

  it('are printed by dx cat and head, and dx make_download_url gives a link that needs no token', async () => {
    session.file('lines.txt', 'one\ntwo\nthree\n');
    await session.ok(['upload', 'lines.txt', '--wait', '--brief', '--path', '/lines.txt']);
    expect(await session.ok(['cat', '/lines.txt'])).toBe('one\ntwo\nthree');
    expect(await session.ok(['head', '-n', '2', '/lines.txt'])).toBe('one\ntwo');
    const url = await session.ok(['make_download_url', '/lines.txt']);
    expect(url).toMatch(/\/lines\.txt$/);
    expect(await (await fetch(url)).text()).toBe('one\ntwo\nthree\n');
    const part = await fetch(url, { headers: { range: 'bytes=4-6' } });
    expect([part.status, await part.text()]).toEqual([206, 'two']);
  });

  it('are changed by dx tag, untag, set_properties, unset_properties and rename, and found by dx find data', async () => {
    session.file('m.txt', 'm');
    const id = await session.ok(['upload', 'm.txt', '--wait', '--brief', '--path', '/m.txt', '--tag', 'first']);
    await session.ok(['tag', '/m.txt', 'second', 'third']);
    await session.ok(['untag', '/m.txt', 'third']);
    await session.ok(['set_properties', '/m.txt', 'sample=S1', 'lane=2']);
    await session.ok(['unset_properties', '/m.txt', 'lane']);
    const described = JSON.parse(await session.ok(['describe', id, '--json']));
    expect(described.tags.sort()).toEqual(['first', 'second']);
    expect(described.properties).toEqual({ sample: 'S1' });
    expect(await session.ok(['find', 'data', '--property', 'sample=S1', '--brief'])).toContain(id);
    expect(await session.ok(['find', 'data', '--tag', 'nothing', '--brief'])).toBe('');
    await session.ok(['rename', '/m.txt', 'renamed.txt']);
    expect(await session.ok(['ls', '/renamed.txt', '--brief'])).toBe(id);
  });

  it('are moved, copied and removed by dx mv, cp and rm', async () => {
    session.file('c.txt', 'c');
    const id = await session.ok(['upload', 'c.txt', '--wait', '--brief', '--path', '/c.txt']);
    await session.ok(['mkdir', '-p', '/to']);
    await session.ok(['mv', '/c.txt', '/to/']);
    expect(await session.ok(['ls', '/to', '--brief'])).toBe(id);
    const other = await session.ok(['new', 'project', 'copies', '--brief']);
    await session.ok(['cp', '/to/c.txt', `${other}:/`]);
    await session.ok(['rm', '/to/c.txt']);
    expect(await session.ok(['ls', '/to'])).toBe('');
    expect(await session.ok(['cat', `${other}:/c.txt`])).toBe('c');
    expect((await session.dx(['download', `${session.environment.DX_PROJECT_CONTEXT_ID}:/to/c.txt`])).code).not.toBe(0);
  });

  it('cannot be written when closed, or downloaded when open', async () => {
    const project = session.environment.DX_PROJECT_CONTEXT_ID;
    const opened = await session.api('/file/new', { project, name: 'open.txt' });
    const file = String(opened.body.id);
    expect((await session.api(`/${file}/download`, {})).body.error).toMatchObject({ type: 'InvalidState' });
    expect((await session.api(`/${file}/close`, {})).body.error).toMatchObject({ type: 'InvalidState' });
    session.file('closed.txt', 'x');
    const closed = await session.ok(['upload', 'closed.txt', '--wait', '--brief']);
    const refused = await session.api(`/${closed}/upload`, {
      index: 1,
      size: 1,
      md5: '9dd4e461268c8034f5c8564e155c67a6',
    });
    expect(refused.status).toBe(422);
    expect(refused.body.error).toMatchObject({
      type: 'InvalidState',
      message: expect.stringContaining('not in the open state'),
    });
  });

  it('are not found by other users', async () => {
    await platform.espalier('user', 'add', 'eve', '--data', platform.data);
    const eve = await givenSession(platform, { user: 'eve' });
    session.file('secret.txt', 's');
    const id = await session.ok(['upload', 'secret.txt', '--wait', '--brief']);
    const reply = await eve.api(`/${id}/describe`, {});
    expect([reply.status, reply.body.error]).toMatchObject([404, { type: 'ResourceNotFound' }]);
    eve.close();
  });
});
