// Tests uploads that were not completed in time. S3 has dropped them with their parts, and the file may be uploaded
// again.

import { beforeEach, expect, test } from 'vitest';
import { issueToken } from '../../engine/identity/token.ts';
import type { MemoryContext } from '../memory/context.ts';
import { type Client, givenClient, givenPlatform, givenProject, putPart } from './given.ts';

const day = 86_400_000;
let context: MemoryContext;
let alice: Client;
let id: string;

beforeEach(async () => {
  const platform = await givenPlatform();
  context = platform.context;
  const expiresAt = context.now() + 30 * day;
  alice = givenClient(context, `Bearer ${await issueToken(context, { user: 'user-alice', expiresAt, label: 'long' })}`);
  ({ id } = await alice.call('/file/new', { project: await givenProject(alice) }));
});

/** Drops the upload, as the bucket's rule does after seven days. */
async function dropUpload(): Promise<void> {
  const row = context.rows.peek('objects', { pk: id, sk: 'A' });
  await context.content.abortUpload('', String(row?.uploadId));
  context.clock.now += 8 * day;
}

async function uploadAnew(text: string): Promise<void> {
  await putPart(context, alice, id, 1, text);
  await alice.call(`/${id}/close`);
  expect(await alice.call(`/${id}/describe`)).toMatchObject({ state: 'closed', size: text.length });
}

test('a request for the next part is refused once, with the advice to upload all parts again', async () => {
  await putPart(context, alice, id, 1, 'hello');
  await putPart(context, alice, id, 2, 'world');
  await dropUpload();
  const part = { index: 2, size: 5, md5: '7d793037a0760186574b0282f2f435e7' };
  expect(await alice.refusal(`/${id}/upload`, part)).toMatch(
    /^422 InvalidState: .*within 7 days.*all of its parts again/,
  );
  const described = await alice.call(`/${id}/describe`, { fields: { parts: true, state: true } });
  expect(described).toEqual({ id, parts: {}, state: 'open' });
  await uploadAnew('again');
});

test('a close is refused with the advice to upload all parts again', async () => {
  await putPart(context, alice, id, 1, 'hello');
  await dropUpload();
  expect(await alice.refusal(`/${id}/close`)).toMatch(/^422 InvalidState: .*all of its parts again/);
  await uploadAnew('again');
});

test.each([2, 3])('a file whose closing was interrupted at write %d and never continued is open again', async (cut) => {
  await putPart(context, alice, id, 1, 'hello');
  let steps = 0;
  context.setHook({
    before: ({ writes }) => {
      if (writes && ++steps === cut) throw new Error('crash');
    },
  });
  const { completeUpload } = context.content;
  context.content.completeUpload = async () => {
    throw new Error('crash');
  };
  await alice.send(`/${id}/close`).catch(() => undefined);
  context.setHook({});
  context.content.completeUpload = completeUpload;
  expect(context.rows.peek('objects', { pk: id, sk: 'A' })?.state).toBe('closing');
  await dropUpload();
  expect(await alice.refusal(`/${id}/close`)).toMatch(/^422 InvalidState: .*all of its parts again/);
  await uploadAnew('again and longer');
});

test('an old file can be uploaded if its upload still exists or has not begun', async () => {
  context.clock.now += 8 * day;
  await putPart(context, alice, id, 1, 'hello');
  await uploadAnew('anew');
});
