// S3 may answer 200 to "join the parts" and put an error into the body. That must not count as a success.

import { Readable } from 'node:stream';
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { createContent } from '../../aws/s3/content.ts';

const failure =
  '<Error><Code>InternalError</Code><Message>We encountered an internal error. Please try again.</Message></Error>';
const success = '<CompleteMultipartUploadResult><ETag>"x-1"</ETag></CompleteMultipartUploadResult>';
const parts = [{ index: 1, size: 1, md5: '00112233445566778899aabbccddeeff' }];

/** Content on an S3 that returns these bodies in turn, each with status 200. */
function givenAnswers(...bodies: string[]) {
  const sent: string[] = [];
  const requestHandler = {
    async handle(request: { method: string; query: object }) {
      sent.push(request.method);
      const xml = `<?xml version="1.0" encoding="UTF-8"?>\n${bodies.shift() ?? failure}`;
      return {
        response: {
          statusCode: 200,
          headers: { 'content-type': 'application/xml' },
          body: Readable.from([Buffer.from(xml)]),
        },
      };
    },
  } as unknown as NonNullable<S3ClientConfig['requestHandler']>;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const client = new S3Client({ region: 'us-east-1', credentials, endpoint: 'http://127.0.0.1:1', requestHandler });
  return {
    content: createContent(
      () => client,
      () => 'bucket',
    ),
    sent,
  };
}

test('an error in the body is tried again', async () => {
  const { content, sent } = givenAnswers(failure, success);
  await content.completeUpload('w/c/f', 'upload', parts);
  expect(sent).toEqual(['POST', 'POST']);
});

test('an error that persists is reported as one', async () => {
  const { content } = givenAnswers();
  await expect(content.completeUpload('w/c/f', 'upload', parts)).rejects.toMatchObject({
    name: 'AwsFailure',
    code: 'InternalError',
    transient: true,
  });
});
