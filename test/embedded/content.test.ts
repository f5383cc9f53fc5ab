// Bytes of files behind signed links: what is put arrives whole or not at all, and is read in ranges.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDigests } from '../../embedded/content/digest.ts';
import { createFileStore, type FileStore } from '../../embedded/content/file-store.ts';
import { createContentLinks } from '../../embedded/content/link.ts';
import { readRange } from '../../embedded/content/range.ts';
import { serveContent } from '../../embedded/content/serve-content.ts';

const folder = mkdtempSync(join(tmpdir(), 'espalier-content-'));
const clock = { now: 1_700_000_000_000 };
/** Resolves when the rows are kept. */
let kept = Promise.resolve();
const digests = createDigests();
let server: Server;
let files: FileStore;
let count = 0;

beforeAll(async () => {
  const address = async () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const links = createContentLinks(address, async (text) => createHash('sha256').update(`key ${text}`).digest('hex'));
  files = createFileStore({ folder, links, now: () => clock.now, kept: () => kept });
  server = createServer((req, res) => {
    serveContent({ files, links, digests, now: () => clock.now }, req, res).catch(() => res.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await digests.close();
  rmSync(folder, { recursive: true });
});

const partOf = (bytes: Uint8Array, index = 1) => ({
  index,
  size: bytes.length,
  md5: createHash('md5').update(bytes).digest('hex'),
});
const freshKey = () => `w/container-1/file-${++count}`;

async function put(key: string, uploadId: string, bytes: Uint8Array, part = partOf(bytes)) {
  const { url, headers } = await files.uploadUrl(key, uploadId, part);
  const { 'content-length': _, ...rest } = headers;
  return fetch(url, { method: 'PUT', headers: rest, body: new Uint8Array(bytes) });
}

async function givenFile(parts: readonly Uint8Array[]): Promise<string> {
  const key = freshKey();
  const uploadId = await files.startUpload(key);
  for (const [index, bytes] of parts.entries()) {
    expect((await put(key, uploadId, bytes, partOf(bytes, index + 1))).status).toBe(200);
  }
  await files.completeUpload(key, uploadId, (await files.listParts(key, uploadId)) ?? []);
  return key;
}

const link = (key: string, more: object = {}) => files.downloadUrl(key, { expiresSeconds: 60, ...more });

describe('an upload', () => {
  test.each([
    ['one byte', [randomBytes(1)]],
    ['no byte', [Buffer.alloc(0)]],
    [
      'several parts, the first much larger than a chunk',
      [randomBytes(5_000_000), randomBytes(70_000), randomBytes(3)],
    ],
  ])('of %s arrives whole', async (_what, parts) => {
    const key = await givenFile(parts);
    const all = Buffer.concat(parts);
    expect(await files.size(key)).toBe(all.length);
    const reply = await fetch(await link(key));
    expect(Buffer.from(await reply.arrayBuffer()).equals(all)).toBe(true);
    expect(await files.beginning(key, 2)).toEqual(all.length === 0 ? undefined : new Uint8Array(all.subarray(0, 2)));
  });

  test('may be completed twice, but only with its bytes there', async () => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    await put(key, uploadId, Buffer.from('abc'));
    const parts = (await files.listParts(key, uploadId)) ?? [];
    await files.completeUpload(key, uploadId, parts);
    await files.completeUpload(key, uploadId, parts);
    expect(await files.listParts(key, uploadId)).toBeUndefined();
    const other = freshKey();
    await expect(files.completeUpload(other, uploadId, parts)).rejects.toThrow('is gone');
  });

  test('of one part is complete after a call that moved the part and then died', async () => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    await put(key, uploadId, Buffer.from('abc'));
    const parts = (await files.listParts(key, uploadId)) ?? [];
    const [upload = ''] = readdirSync(join(folder, 'upload')).filter((name) => name.endsWith(uploadId));
    const [part = ''] = readdirSync(join(folder, 'upload', upload)).filter((name) => name.startsWith('1.'));
    mkdirSync(dirname(files.pathOf(key)), { recursive: true });
    renameSync(join(folder, 'upload', upload, part), files.pathOf(key));
    await files.completeUpload(key, uploadId, parts);
    expect([await files.size(key), await files.listParts(key, uploadId)]).toEqual([3, undefined]);
  });

  test('is joined, given up and removed only when the rows that say so are kept', async () => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    await put(key, uploadId, Buffer.from('abc'));
    const parts = (await files.listParts(key, uploadId)) ?? [];
    const [other, otherId] = ['w/container-1/given-up', await files.startUpload('w/container-1/given-up')];
    const keeping = Promise.withResolvers<void>();
    kept = keeping.promise;
    const calls = [files.completeUpload(key, uploadId, parts), files.abortUpload(other, otherId)];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([await files.size(key), await files.listParts(other, otherId)]).toEqual([undefined, []]);
    keeping.resolve();
    await Promise.all(calls);
    expect([await files.size(key), await files.listParts(other, otherId)]).toEqual([3, undefined]);
    const removing = Promise.withResolvers<void>();
    kept = removing.promise;
    const removed = files.remove([key]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await files.size(key)).toBe(3);
    removing.resolve();
    kept = Promise.resolve();
    await removed;
    expect(await files.size(key)).toBeUndefined();
  });

  test('of a part again replaces the part', async () => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    await put(key, uploadId, Buffer.from('first'));
    await put(key, uploadId, Buffer.from('second'));
    expect(await files.listParts(key, uploadId)).toEqual([partOf(Buffer.from('second'))]);
  });

  test.each([
    ['other bytes than announced', Buffer.from('abd'), partOf(Buffer.from('abc')), 400],
    ['more bytes than announced', Buffer.from('abcd'), partOf(Buffer.from('abc')), 400],
    ['fewer bytes than announced', Buffer.from('ab'), partOf(Buffer.from('abc')), 400],
  ])('of %s is refused and leaves nothing', async (_what, bytes, part, status) => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    const reply = await put(key, uploadId, bytes, part);
    expect(reply.status).toBe(status);
    expect(await reply.text()).toMatch(/link is for/);
    expect(await files.listParts(key, uploadId)).toEqual([]);
  });

  test('that was given up, or never completed, is gone with its parts', async () => {
    const key = freshKey();
    const uploadId = await files.startUpload(key);
    await put(key, uploadId, Buffer.from('abc'));
    await files.dropUploads(
      async (open) => open.key === key && open.uploadId === uploadId && open.begunAt <= Date.now(),
    );
    expect(await files.listParts(key, uploadId)).toHaveLength(1);
    await files.dropUploads(async (open) => open.uploadId !== uploadId);
    expect(await files.listParts(key, uploadId)).toBeUndefined();
    expect((await put(key, uploadId, Buffer.from('abc'))).status).toBe(404);
    expect(readdirSync(join(folder, 'upload')).filter((name) => name.endsWith(uploadId))).toEqual([]);
  });
});

describe('a link', () => {
  test('answers GET, HEAD, a range and OPTIONS', async () => {
    const key = await givenFile([Buffer.from('0123456789')]);
    const url = await link(key, { filename: 'ä "b".txt', media: 'text/plain' });
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('content-type')]).toEqual([
      200,
      '10',
      'text/plain',
    ]);
    expect(head.headers.get('content-disposition')).toContain("filename*=UTF-8''%C3%A4%20%22b%22.txt");
    const some = await fetch(url, { headers: { range: 'bytes=2-4' } });
    expect([some.status, some.headers.get('content-range'), await some.text()]).toEqual([206, 'bytes 2-4/10', '234']);
    const beyond = await fetch(url, { headers: { range: 'bytes=10-' } });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const preflight = await fetch(url, { method: 'OPTIONS' });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(405);
    await files.remove([key]);
    expect((await fetch(url)).status).toBe(404);
  });

  test('that was changed, or has expired, is refused', async () => {
    const key = await givenFile([Buffer.from('abc')]);
    const url = await link(key);
    const [path = '', seal = ''] = url.split('.').slice(-2);
    expect(path).not.toBe('');
    expect((await fetch(url.replace(seal, `${seal.slice(0, -1)}${seal.endsWith('0') ? '1' : '0'}`))).status).toBe(403);
    clock.now += 61_000;
    const late = await fetch(url);
    const error = { type: 'PermissionDenied', message: 'This link has expired: ask for a new one.' };
    expect([late.status, await late.json()]).toEqual([403, { error }]);
  });
});

test.each([
  [undefined, undefined],
  ['bytes=0-', { start: 0, end: 9 }],
  ['bytes=3-5', { start: 3, end: 5 }],
  ['bytes=3-99', { start: 3, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=-0', 'beyond'],
  ['bytes=10-', 'beyond'],
  ['bytes=5-3', undefined],
  ['bytes=1-2,4-5', undefined],
  ['lines=1-2', undefined],
])('the range %s of ten bytes is read', (header, range) => {
  expect(readRange(header, 10)).toEqual(range);
});
