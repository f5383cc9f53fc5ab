// The errors that a caller gets when a platform does not answer.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { askPlatform, openControlSocket, PlatformAbsent } from '../../machine/operator/control-socket.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { givenTemporaryFolder } from './temporary-folder.ts';

const nobodyId = 65_534;
const folder = givenTemporaryFolder();
const closing: (() => unknown)[] = [];
afterEach(() => Promise.all(closing.splice(0).map((close) => close())));

async function givenServer(path: string, serve: RequestListener): Promise<void> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
}

const problemOf = (path: string) =>
  askPlatform(path, {}, 200).then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe('the socket of a data folder', () => {
  it.each(['short', 'x'.repeat(120)])('carries a question and its answer (%s)', async (name) => {
    mkdirSync(join(folder, name));
    const path = join(folder, name, 'control.sock');
    const socket = await openControlSocket(path, async (request) => ({ heard: request }));
    closing.push(() => socket.close());
    expect(await askPlatform(path, { a: 1 })).toEqual({ heard: { a: 1 } });
  });

  it.each(['absent', 'y'.repeat(120)])('says that no platform runs where there is none (%s)', async (name) => {
    const problem = await problemOf(join(folder, name, 'control.sock'));
    expect(problem).toBeInstanceOf(PlatformAbsent);
    expect(problem?.message).toContain(`No platform runs on the data folder ${join(folder, name)}: start one`);
  });

  it('says so for a socket that was left behind, too', async () => {
    const path = join(folder, 'left.sock');
    writeFileSync(path, '');
    expect(await problemOf(path)).toBeInstanceOf(PlatformAbsent);
  });

  it.each<[string, RequestListener, RegExp]>([
    ['is silent', () => undefined, /did not answer: no answer within 0.2 s\.$/],
    ['hangs up', (req) => req.destroy(), /did not answer: socket hang up\.$/],
    ['talks nonsense', (_req, res) => res.end('<html>'), /did not answer: Unexpected token/],
  ])('distinguishes a platform that %s from a missing one', async (name, serve, message) => {
    const path = join(folder, `${name.slice(0, 5)}.sock`);
    await givenServer(path, serve);
    const problem = await problemOf(path);
    expect(problem).toBeInstanceOf(StartRefusal);
    expect(problem).not.toBeInstanceOf(PlatformAbsent);
    expect(problem?.message).toMatch(message);
  });

  it('says that a folder belongs to another user', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed);
    chmodSync(closed, 0o000);
    // Nothing is closed to root, so root asks this one question as nobody.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(nobodyId);
    try {
      expect((await problemOf(join(closed, 'control.sock')))?.message).toContain('belongs to another user');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
    chmodSync(closed, 0o700);
  });
});
