// Tests that S3 stores, reads and deletes any key under exactly its name, by header and by URL.

import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, expect } from 'vitest';
import { check, type Endpoint, givenEndpoint } from './endpoint.ts';
import { clientOf, givenBucket, givenObject, presign, refusalOf, textOf } from './s3-client.ts';

const runCount = 60;

let endpoint: Endpoint;
let client: S3Client;
let Bucket: string;

beforeAll(async () => {
  endpoint = await givenEndpoint('s3');
  client = clientOf(endpoint);
  Bucket = await givenBucket(client);
});
afterAll(async () => {
  client?.destroy();
  await endpoint?.close();
});

const awkward = [
  '/',
  '//',
  '%',
  '%2F',
  '%00',
  '+',
  ' ',
  '&',
  '=',
  '?',
  '#',
  ';',
  ':',
  '\\',
  '"',
  "'",
  '<',
  '>',
  '\n',
  '\r',
  '\t',
];
const segment = fc.oneof(
  fc.constantFrom(
    ...awkward,
    '!',
    '*',
    '(',
    ')',
    '~',
    '^',
    '|',
    '`',
    '[',
    ']',
    '\u007f',
    'é',
    '\u{1f333}',
    '\uffff',
    '\ud7ff',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
);
// We do not use keys with the segments `.` and `..`, because URL parsers remove them.
const key = fc
  .array(segment, { minLength: 1, maxLength: 12 })
  .map((segments) => segments.join(''))
  .filter((text) => text.isWellFormed() && !text.includes('\u0000'))
  .filter((text) => !text.split('/').some((part) => /^\.{0,2}$/.test(part)) && Buffer.byteLength(text) <= 900);

check('s3/any-key', 'an object is found under its own key and under no other', async () => {
  await fc.assert(
    fc.asyncProperty(key, async (Key) => {
      await givenObject(client, { Bucket, Key, Body: Key });
      const got = await client.send(new GetObjectCommand({ Bucket, Key }));
      expect(await textOf(got.Body)).toBe(Key);
      const byUrl = await fetch(await presign(client, new GetObjectCommand({ Bucket, Key })));
      expect([byUrl.status, await byUrl.text()]).toEqual([200, Key]);
      const neighbour = new HeadObjectCommand({ Bucket, Key: `${Key}.copy` });
      expect(await refusalOf(client.send(neighbour))).toBe('404 NotFound');
      const Objects = [{ Key: `${Key}.copy` }, { Key }];
      // XML 1.0 cannot name control characters, so those keys are deleted one by one.
      if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(Key)) {
        for (const object of Objects) await client.send(new DeleteObjectCommand({ Bucket, ...object }));
      } else {
        const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
        expect(Errors ?? []).toEqual([]);
      }
      expect(await refusalOf(client.send(new HeadObjectCommand({ Bucket, Key })))).toBe('404 NotFound');
    }),
    { numRuns: runCount },
  );
});

check('s3/key-too-long', 'a key may have at most 1,024 bytes', async () => {
  expect(await refusalOf(givenObject(client, { Bucket, Key: 'é'.repeat(512), Body: '' }))).toBe('accepted');
  expect(await refusalOf(givenObject(client, { Bucket, Key: `${'é'.repeat(512)}x`, Body: '' }))).toBe(
    '400 KeyTooLongError',
  );
});

check('s3/key-is-no-path', 'keys that look like paths are plain names', async () => {
  for (const Key of ['../../etc/passwd', 'a/../b', 'a/./b', '/absolute', 'trailing/', 'a//b']) {
    await givenObject(client, { Bucket, Key, Body: Key });
  }
  for (const Key of ['../../etc/passwd', 'a/../b', 'a/./b', '/absolute', 'trailing/', 'a//b']) {
    const got = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await textOf(got.Body)).toBe(Key);
  }
});
