// Tests the protocol layer of the JSON services: dispatch, errors, limits, verification and policies.

import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, test } from 'vitest';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import { createSsm } from '../../../emulation/cloud/ssm/ssm.ts';
import { AwsError } from '../../../emulation/cloud/wire/aws-error.ts';
import {
  type ControlServerOptions,
  createControlServer,
  type JsonService,
  maximumBodyBytes,
} from '../../../emulation/cloud/wire/control-server.ts';
import { createSigV4Verifier } from '../../../emulation/cloud/wire/signature.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function givenServer(options: Partial<ControlServerOptions> = {}): Promise<string> {
  const verify = () => ({ accessKeyId: 'AKIATEST' });
  const server = createServer(createControlServer({ services: [echo], verify, ...options }));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const echo: JsonService = {
  name: 'echo',
  targetPrefix: 'Echo_2026',
  actions: { SayTwice: 'Say' },
  resources: (_operation, input) => [`arn:${String(input.to)}`],
  operations: {
    Say: (input, { accessKeyId }) => ({ said: input, accessKeyId }),
    SayTwice: () => ({}),
    Refuse() {
      throw new AwsError('NoWayException', 'there is no way', 409, { WayCount: 0 });
    },
    Break() {
      throw new TypeError('a secret of the implementation');
    },
  },
};

async function call(url: string, operation: string, body: string | Buffer = '{}', type = 'application/x-amz-json-1.1') {
  const headers = { 'x-amz-target': `Echo_2026.${operation}`, 'content-type': type };
  const response = await fetch(url, { method: 'POST', headers, body });
  return { response, status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('an operation', () => {
  test.each(['application/x-amz-json-1.0', 'application/x-amz-json-1.1'])(
    'answers in %s with a request id',
    async (type) => {
      const { response, body } = await call(await givenServer(), 'Say', '{"word":"grüß"}', type);
      expect(body).toEqual({ said: { word: 'grüß' }, accessKeyId: 'AKIATEST' });
      expect(response.headers.get('content-type')).toBe(type);
      expect(response.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test('that refuses returns its code, message, status and members', async () => {
    const { response, status, body } = await call(await givenServer(), 'Refuse');
    expect(status).toBe(409);
    expect(body).toEqual({ __type: 'NoWayException', message: 'there is no way', WayCount: 0 });
    expect(response.headers.get('x-amzn-errortype')).toBe('NoWayException');
  });

  test('that throws is an InternalFailure, whose cause only the platform sees', async () => {
    const faults: unknown[] = [];
    const url = await givenServer({ onFault: (fault, what) => faults.push([what, (fault as Error).message]) });
    const { status, body } = await call(url, 'Break');
    expect([status, body.__type]).toEqual([500, 'InternalFailure']);
    expect(JSON.stringify(body)).not.toContain('secret');
    expect(faults).toEqual([['Echo_2026.Break', 'a secret of the implementation']]);
  });

  test.each(['Nothing', 'toString', '__proto__'])(
    'that is unknown (%s) is refused with 501 and its name',
    async (operation) => {
      const { status, body } = await call(await givenServer(), operation);
      expect([status, body.__type]).toEqual([501, 'NotImplementedException']);
      expect(body.message).toContain(`Echo_2026.${operation}`);
    },
  );

  test('of an unknown service, or without a target, is refused with 501', async () => {
    const url = await givenServer();
    const response = await fetch(url, { method: 'POST', headers: { 'x-amz-target': 'Other.Say' } });
    expect([response.status, await response.text()]).toEqual([501, expect.stringContaining('Other.Say')]);
    expect((await fetch(`${url}/path?x=1`)).status).toBe(501);
  });

  test.each(['{', '[]', '"x"', 'null', '1'])(
    'with the body %s is refused with SerializationException',
    async (body) => {
      const answer = await call(await givenServer(), 'Say', body);
      expect([answer.status, answer.body.__type]).toEqual([400, 'SerializationException']);
    },
  );
});

describe('a body', () => {
  test('may have up to 2 MiB, and the refusal of a larger one names the limit', async () => {
    const url = await givenServer();
    const overhead = '{"a":""}'.length;
    const sized = (bytes: number) => `{"a":"${'x'.repeat(bytes - overhead)}"}`;
    expect((await call(url, 'Say', sized(maximumBodyBytes))).status).toBe(200);
    const { status, body } = await call(url, 'Say', sized(maximumBodyBytes + 1));
    expect([status, body.__type]).toEqual([413, 'RequestEntityTooLargeException']);
    expect(body.message).toContain(String(maximumBodyBytes));
  });

  test('that ends early does not disturb the server', async () => {
    const faults: unknown[] = [];
    const url = await givenServer({ onFault: (fault) => faults.push(fault) });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    socket.destroy();
    expect((await call(url, 'Say')).status).toBe(200);
    expect(faults).toEqual([]);
  });
});

describe('access', () => {
  test('is verified before any other answer is given', async () => {
    const url = await givenServer({
      verify() {
        throw new AwsError('InvalidSignatureException', 'wrong', 403);
      },
    });
    expect((await call(url, 'Nothing')).status).toBe(403);
  });

  test('is checked by the policies with action and resources', async () => {
    const asked: unknown[] = [];
    const url = await givenServer({
      authorise(caller, action, resources) {
        asked.push([caller.accessKeyId, action, resources]);
        if (resources.includes('arn:forbidden')) throw new AwsError('AccessDeniedException', `no ${action}`);
      },
    });
    await call(url, 'SayTwice', '{"to":"queue"}');
    const refused = await call(url, 'Say', '{"to":"forbidden"}');
    expect(asked).toEqual([
      ['AKIATEST', 'echo:Say', ['arn:queue']],
      ['AKIATEST', 'echo:Say', ['arn:forbidden']],
    ]);
    expect([refused.status, refused.body.__type]).toEqual([400, 'AccessDeniedException']);
  });
});

describe('a REST route', () => {
  test('gets the body and the caller after its policy check, and its errors are REST-JSON', async () => {
    const asked: unknown[] = [];
    const url = await givenServer({
      authorise: (_caller, action, resources) => void asked.push([action, resources]),
      rest: [
        {
          match: (method, path) => method === 'POST' && path.startsWith('/functions/'),
          access: (_method, path) => ({ action: 'lambda:InvokeFunction', resources: [path] }),
          maxBodyBytes: 10,
          handle(_req, res, body, caller) {
            if (body.length === 0) throw new AwsError('ResourceNotFoundException', 'no function', 404);
            res.end(`${caller.accessKeyId} ${body.toString()}`);
          },
        },
      ],
    });
    const post = (body: string) => fetch(`${url}/functions/f?x=1`, { method: 'POST', body });
    expect(await (await post('hi')).text()).toBe('AKIATEST hi');
    const missing = await post('');
    expect([missing.status, missing.headers.get('x-amzn-errortype')]).toEqual([404, 'ResourceNotFoundException']);
    expect((await post('x'.repeat(11))).status).toBe(413);
    expect(asked[0]).toEqual(['lambda:InvokeFunction', ['/functions/f']]);
  });
});

describe('the SDK', () => {
  const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
  const region = 'us-east-1';

  test('reads errors of the JSON and the former query protocol, and its signatures are checked', async () => {
    const sqs = createSqs({ database: openDatabase(':memory:'), now: Date.now });
    const verify = createSigV4Verifier(new Map([['AKIATEST', { secretAccessKey: 'secret' }]]));
    const endpoint = await givenServer({ services: [sqs.api, createSsm().api], verify });
    const QueueUrl = `${endpoint}/000000000000/none`;
    const client = new SQSClient({ region, endpoint, credentials });
    const send = new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x' }] });
    await expect(client.send(send)).rejects.toMatchObject({
      name: 'QueueDoesNotExist',
      Code: 'AWS.SimpleQueueService.NonExistentQueue',
    });
    const ssm = new SSMClient({ region, endpoint, credentials });
    const get = new GetParameterCommand({ Name: '/none' });
    await expect(ssm.send(get)).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const forger = new SSMClient({ region, endpoint, credentials: { ...credentials, secretAccessKey: 'guess' } });
    await expect(forger.send(get)).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
  });

  test('finds the services by AWS_ENDPOINT_URL alone', async () => {
    const ssm = createSsm();
    ssm.put('/secret', 'value', 'SecureString');
    const endpoint = await givenServer({ services: [ssm.api] });
    process.env.AWS_ENDPOINT_URL = endpoint;
    try {
      const client = new SSMClient({ region, credentials });
      const read = async (WithDecryption: boolean) =>
        (await client.send(new GetParameterCommand({ Name: '/secret', WithDecryption }))).Parameter?.Value;
      expect(await read(true)).toBe('value');
      expect(await read(false)).not.toContain('value');
    } finally {
      delete process.env.AWS_ENDPOINT_URL;
    }
  });
});
