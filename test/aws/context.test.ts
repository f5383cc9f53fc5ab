// The context on the services of the emulated cloud: values come out as they went in, a repetition does no harm, and
// absence is an answer.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsFailure } from '../../aws/failure.ts';
import type { Content, UploadedPart } from '../../core/context.ts';
import { workerId } from '../../core/id/worker.ts';
import { bodyKey } from '../../core/row/execution/body.ts';
import { startCloud } from './cloud.ts';

let cloud: Awaited<ReturnType<typeof startCloud>>;
beforeAll(async () => {
  cloud = await startCloud();
});
afterAll(() => cloud.close());

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');

describe('bodies', () => {
  test.each([
    ['tiny', { a: 1, ä: ['ü'] }],
    ['small', { text: 'ACGT'.repeat(3000) }],
    ['large', { values: Array.from({ length: 6000 }, (_, index) => md5(Buffer.from(`${index}`))) }],
  ])('a %s one comes back unchanged', async (name, body) => {
    const id = `job-${name}`;
    expect(await cloud.context.bodies.save(id, 'spec', body, { ifAbsent: true })).toBe(true);
    expect(await cloud.context.bodies.load(id, 'spec')).toEqual(body);
    const each: unknown[] = [];
    for await (const one of cloud.context.bodies.loadEach(['job-none', id], 'spec')) each.push(one);
    expect(each).toEqual([undefined, body]);
  });

  test('a second creator does not change the first body, however large both are', async () => {
    const [first, second] = ['a', 'b'].map((letter) =>
      Array.from({ length: 9000 }, (_, i) => md5(Buffer.from(letter + i))),
    );
    expect(await cloud.context.bodies.save('job-twice', 'spec', first, { ifAbsent: true })).toBe(true);
    expect(await cloud.context.bodies.save('job-twice', 'spec', second, { ifAbsent: true })).toBe(false);
    expect(await cloud.context.bodies.load('job-twice', 'spec')).toEqual(first);
  });

  test('a large one is kept while its row names it, and deleted when it does not', async () => {
    const { bodies, content, rows } = cloud.context;
    const large = Array.from({ length: 9000 }, (_, i) => md5(Buffer.from(`${i}`)));
    await bodies.save('job-large', 'output', large);
    const key = String((await rows.get('executions', { pk: 'job-large', sk: 'O' }))?.document);
    await bodies.collect(key);
    expect(await bodies.load('job-large', 'output')).toEqual(large);
    const { delayed } = cloud.sqs.depth(cloud.work.arn);
    await bodies.save('job-large', 'output', 'small');
    expect(cloud.sqs.depth(cloud.work.arn)).toMatchObject({ delayed: delayed + 1 });
    expect(await content.size(key)).toBeGreaterThan(0);
    await bodies.collect(key);
    expect(await content.size(key)).toBeUndefined();
  });

  test('a body that never changes is read once, one that may change each time', async () => {
    const { bodies, rows } = cloud.context;
    for (const kind of ['spec', 'output'] as const) {
      await bodies.save('job-memo', kind, { kind });
      expect(await bodies.load('job-memo', kind)).toEqual({ kind });
      await rows.delete('executions', bodyKey('job-memo', kind));
    }
    expect(await bodies.load('job-memo', 'spec')).toEqual({ kind: 'spec' });
    expect(await bodies.load('job-memo', 'output')).toBeUndefined();
  });
});

describe('content', () => {
  const bytes = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the end')];
  const parts: UploadedPart[] = bytes.map((part, index) => ({ index: index + 1, size: part.length, md5: md5(part) }));

  async function put(content: Content, key: string, uploadId: string, part: UploadedPart, body: Buffer) {
    const { url, headers, expires } = await content.uploadUrl(key, uploadId, part);
    expect(expires).toBeGreaterThan(Date.now());
    return fetch(url, { method: 'PUT', headers, body: new Uint8Array(body) });
  }

  test('parts go up by URLs of their own, are listed with their MD5, and are joined once or twice', async () => {
    const { content } = cloud.context;
    const key = 'w/container-1/file-1';
    const uploadId = await content.startUpload(key);
    expect(await content.size(key)).toBeUndefined();
    for (const [index, part] of parts.entries()) {
      expect((await put(content, key, uploadId, part, bytes[index] ?? Buffer.alloc(0))).status).toBe(200);
    }
    expect(await content.listParts(key, uploadId)).toEqual(parts);
    await content.completeUpload(key, uploadId, parts);
    await content.completeUpload(key, uploadId, parts);
    expect(await content.size(key)).toBe(Buffer.concat(bytes).length);
    expect(Buffer.from((await content.beginning(key, 5)) ?? [])).toEqual(Buffer.concat(bytes).subarray(0, 5));
    await content.completeUpload(key, 'forgotten-upload', parts);
    const other = parts.map((part) => ({ ...part, md5: md5(Buffer.from('other')) }));
    await expect(content.completeUpload(key, 'no-such-upload', other)).rejects.toBeInstanceOf(AwsFailure);
    expect(await content.listParts(key, uploadId)).toBeUndefined();
    await content.abortUpload(key, uploadId);
  });

  test('a URL is good for exactly the bytes it was made for', async () => {
    const { content } = cloud.context;
    const key = 'w/container-1/file-2';
    const uploadId = await content.startUpload(key);
    const [, last] = parts;
    if (last === undefined) throw new Error('no part');
    const wrong = await put(content, key, uploadId, last, Buffer.from('THE END'));
    expect([400, 403]).toContain(wrong.status);
    const { url, headers } = await content.uploadUrl(key, uploadId, last);
    expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe('content-length;content-md5;host');
    const longer = await fetch(url, {
      method: 'PUT',
      headers: { 'content-md5': headers['content-md5'] ?? '' },
      body: 'longer than that',
    });
    expect([400, 403]).toContain(longer.status);
    expect(await content.listParts(key, uploadId)).toEqual([]);
    expect((await put(content, key, uploadId, last, Buffer.from('the end'))).status).toBe(200);
  });

  test('a download has its given name, whatever characters are in it', async () => {
    const { content } = cloud.context;
    const key = 'w/container-1/file-3';
    const uploadId = await content.startUpload(key);
    const part = { index: 1, size: 0, md5: md5(Buffer.alloc(0)) };
    expect((await put(content, key, uploadId, part, Buffer.alloc(0))).status).toBe(200);
    await content.completeUpload(key, uploadId, [part]);
    expect(await content.size(key)).toBe(0);
    const filename = 'ä "b";\r\nset-cookie: x/é.txt';
    const url = await content.downloadUrl(key, { expiresSeconds: 60, filename, media: 'text/x-test' });
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/x-test');
    expect(answer.headers.get('content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent(filename)}`);
    expect(answer.headers.get('set-cookie')).toBeNull();
    const head = await content.downloadUrl(key, { expiresSeconds: 60, filename, media: 'text/x-test', method: 'HEAD' });
    const asked = await fetch(head, { method: 'HEAD' });
    expect([asked.status, asked.headers.get('content-length')]).toEqual([200, '0']);
    expect((await fetch(head)).status).toBe(403);
    expect(await content.beginning(key, 10)).toBeUndefined();
    expect(await content.beginning('w/container-1/none', 10)).toBeUndefined();
  });

  test('removing deletes a key, and an absent key is not an error', async () => {
    const { content } = cloud.context;
    await content.remove(['w/container-1/file-3', 'w/none']);
    await content.remove([]);
    expect(await content.size('w/container-1/file-3')).toBeUndefined();
  });
});

describe('queues', () => {
  test('any number of messages can be sent, and each arrives with its fields', async () => {
    const messages = Array.from({ length: 23 }, (_, launch) => ({
      v: 1,
      worker: workerId({ job: 'job-x', try: 0, launch }),
      group: 'p',
    }));
    await cloud.context.queues.sendRunnable(messages);
    const bodies: unknown[] = [];
    while (bodies.length < messages.length) {
      const taken = await cloud.sqs.receive(cloud.runnable.arn, { max: 10, waitMs: 2000 });
      expect(taken.length).toBeGreaterThan(0);
      bodies.push(...taken.map(({ body }) => JSON.parse(body)));
    }
    expect(new Set(bodies)).toEqual(new Set(messages.map(({ group: _, ...message }) => message)));
  });

  test('a delayed message arrives later', async () => {
    const { delayed } = cloud.sqs.depth(cloud.work.arn);
    await cloud.context.queues.sendWork([{ kind: 'advance', job: 'job-x' }], 100);
    expect(await cloud.sqs.receive(cloud.work.arn, { max: 10, waitMs: 0 })).toEqual([]);
    expect(cloud.sqs.depth(cloud.work.arn)).toMatchObject({ delayed: delayed + 1 });
  });
});

describe('workers', () => {
  const input = { cores: 1, memoryGib: 2, diskGib: 50, environment: {}, tags: {}, spot: false, debug: false };
  const worker = workerId({ job: 'job-x', try: 0, launch: 0 });
  const never = workerId({ job: 'job-none', try: 0, launch: 0 });

  test('a launch is started once, seen, stopped, and seen ended', async () => {
    const { workers } = cloud.context;
    expect(await workers.launchState(worker)).toBeUndefined();
    await workers.start(worker, input);
    await workers.start(worker, { ...input, cores: 2 });
    expect(await workers.launchState(worker)).toEqual({ kind: 'starting' });
    await workers.stopLaunch(worker, 'enough');
    await workers.stopLaunch(worker, 'enough');
    await workers.stopLaunch(never, 'enough');
    expect(await workers.launchState(worker)).toEqual({ kind: 'ended', how: 'unknown', why: '' });
  });

  test('a task that ECS does not know is undefined, and stopping it is fine', async () => {
    const arn = 'arn:aws:ecs:us-east-1:000000000000:task/workers/0123456789abcdef0123456789abcdef';
    expect(await cloud.context.workers.state(arn)).toBeUndefined();
    await cloud.context.workers.stop(arn, 'x'.repeat(1000));
  });
});

describe('seals and parameters', () => {
  test('two processes that need the key first agree on it', async () => {
    const [one, other] = [cloud.another(), cloud.another()];
    const seals = await Promise.all([one.seals.seal('boot', 'name'), other.seals.seal('boot', 'name')]);
    expect(seals[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(seals[1]).toBe(seals[0]);
    expect(await one.seals.seal('download', 'name')).not.toBe(seals[0]);
  });

  test('a parameter that does not exist yet is read again', async () => {
    await expect(cloud.context.apiUrl()).rejects.toMatchObject({ name: 'AwsFailure', code: 'ParameterNotFound' });
    cloud.ssm.put('/espalier/test/api/url', 'http://127.0.0.1:1');
    expect(await cloud.context.apiUrl()).toBe('http://127.0.0.1:1');
  });

  test('an error names the variable that this function lacks', () => {
    expect(() => cloud.context.settings.leaseSeconds).toThrow('LEASE_SECONDS');
  });
});

describe('logs', () => {
  const task = 'arn:aws:ecs:us-east-1:000000000000:task/workers/abc';

  test('a stream is read on from a token, and one that does not exist yet is empty', async () => {
    const { logs } = cloud.context;
    expect(await logs.read(task, undefined)).toEqual({ lines: [], token: undefined });
    const timestamp = Date.now();
    cloud.logs.append('/espalier/test/worker', 'worker/worker/abc', [{ timestamp, message: 'one' }]);
    const first = await logs.read(task, undefined);
    expect(first.lines).toEqual([{ timestamp, message: 'one' }]);
    expect(await logs.read(task, first.token)).toEqual({ lines: [], token: first.token });
    cloud.logs.append('/espalier/test/worker', 'worker/worker/abc', [{ timestamp: timestamp + 1, message: 'two' }]);
    expect((await logs.read(task, first.token)).lines.map(({ message }) => message)).toEqual(['two']);
  });
});
