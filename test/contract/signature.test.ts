// Tests that the control server's verifier checks the signatures of the SDK's JSON and REST-JSON clients.

import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsError } from '../../emulation/cloud/wire/aws-error.ts';
import { createSigV4Verifier } from '../../emulation/cloud/wire/signature.ts';

const credentials = { accessKeyId: 'AKIDJSON', secretAccessKey: 'json/secret' };
let server: Server;
let settings: { endpoint: string; region: string; maxAttempts: number };
let bodyReplacement: string | undefined;

beforeAll(async () => {
  const { accessKeyId, secretAccessKey } = credentials;
  const verify = createSigV4Verifier(new Map([[accessKeyId, { secretAccessKey }]]));
  server = createServer(async (req, res) => {
    const body = bodyReplacement ?? Buffer.concat(await req.toArray());
    try {
      verify(req, createHash('sha256').update(body).digest('hex'));
      res.end('{}');
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      res.writeHead(error.status, { 'x-amzn-errortype': error.code });
      res.end(JSON.stringify({ __type: error.code, message: error.message }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  settings = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    maxAttempts: 1,
  };
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

async function listQueues(change: object = {}): Promise<string> {
  const client = new SQSClient({ ...settings, credentials, ...change });
  const answer = await client.send(new ListQueuesCommand({ QueueNamePrefix: 'é' })).then(
    () => 'accepted',
    (error: Error) => error.name,
  );
  client.destroy();
  return answer;
}

test('a JSON call is verified together with its body', async () => {
  expect(await listQueues()).toBe('accepted');
  bodyReplacement = '{"QueueNamePrefix":"other"}';
  expect(await listQueues()).toBe('InvalidSignatureException');
  bodyReplacement = undefined;
  expect(await listQueues({ credentials: { ...credentials, secretAccessKey: 'x' } })).toBe('InvalidSignatureException');
  expect(await listQueues({ credentials: { ...credentials, accessKeyId: 'x' } })).toBe('UnrecognizedClientException');
  expect(await listQueues({ systemClockOffset: 3_600_000 })).toBe('InvalidSignatureException');
});

test('a path with an ARN, which is encoded twice, is verified', async () => {
  const client = new LambdaClient({ ...settings, credentials });
  const FunctionName = 'arn:aws:lambda:us-east-1:000000000000:function:espalier-local-api';
  const { StatusCode } = await client.send(new InvokeCommand({ FunctionName, Payload: '{"a":1}' }));
  client.destroy();
  expect(StatusCode).toBe(200);
});

test('an unsigned call is refused', async () => {
  const response = await fetch(settings.endpoint, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([
    403,
    'MissingAuthenticationTokenException',
  ]);
});
