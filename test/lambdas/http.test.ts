// The HTTP chain as a function sees it: what every reply carries, what is refused before any route, what is logged.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context as LambdaContext } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { maximumBodyBytes } from '../../api/http/request-body.ts';
import { route } from '../../api/make-route.ts';
import { AwsFailure } from '../../aws/failure.ts';
import { loginPath } from '../../core/access/login-path.ts';
import { httpAndDownloadHandler } from '../../lambdas/middleware/http.ts';
import { createMemoryContext } from '../memory/context.ts';

const anyone = { kind: 'anyone' } as const;
const routes = [
  route('/system/echo', z.looseObject({}), anyone, async ({ input }) => ({ input })),
  route('/system/bug', z.looseObject({}), anyone, async () => {
    throw new TypeError('secret detail');
  }),
  route('/system/busy', z.looseObject({}), anyone, async () => {
    throw new AwsFailure('UpdateItem', 'ThrottlingException', 'slow down', { transient: true });
  }),
  route('/system/large', z.looseObject({}), anyone, async () => ({ text: 'x'.repeat(5_000_000) })),
  route(loginPath, z.looseObject({}), anyone, async () => ({ token: 't' })),
  route('/system/known', z.looseObject({}), { kind: 'caller' }, async () => ({})),
];
const handler = httpAndDownloadHandler(createMemoryContext(), routes);
let logged: string[] = [];

beforeEach(() => {
  logged = [];
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      logged.push(String(text));
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
});

type Request = {
  readonly routeKey?: string;
  readonly method?: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
};

async function send(path: string, { routeKey = '$default', method = 'POST', body = '{}', headers = {} }: Request = {}) {
  const event = {
    routeKey,
    rawPath: path,
    headers,
    body: body.toString(body instanceof Buffer ? 'base64' : undefined),
    isBase64Encoded: body instanceof Buffer,
    requestContext: { http: { method } },
  } as unknown as APIGatewayProxyEventV2;
  const result = (await handler(event, {
    awsRequestId: 'a-b-c',
  } as LambdaContext)) as APIGatewayProxyStructuredResultV2;
  return { ...result, json: result.body ? JSON.parse(result.body) : undefined };
}

describe('a login', () => {
  test('is answered under the route that limits it', async () => {
    expect(await send(loginPath, { routeKey: `POST ${loginPath}` })).toMatchObject({
      statusCode: 200,
      json: { token: 't' },
    });
  });

  test.each([loginPath, `${loginPath}?x`, '/system/new%41uthToken'])(
    'is not found as %s under any other route',
    async (path) => {
      expect((await send(path)).statusCode).toBe(404);
      expect((await send('/system/echo')).statusCode).toBe(200);
    },
  );
});

describe('every reply', () => {
  test.each([
    ['/system/echo', 200],
    ['/system/bug', 500],
    ['/nothing/here', 404],
    ['/', 404],
  ])('of %s has the headers that clients look for', async (path, status) => {
    const reply = await send(path, { headers: { 'DNAnexus-API': '1.0.0' } });
    expect(reply.statusCode).toBe(status);
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^\d{13}-\d{1,6}$/),
      'dnanexus-api': '1.0.0',
    });
  });

  test('echoes no version that is none', async () => {
    const { headers } = await send('/system/echo', { headers: { 'dnanexus-api': 'a\r\nset-cookie: x' } });
    expect(headers).not.toHaveProperty('dnanexus-api');
  });

  test('holds what was asked', async () => {
    const reply = await send('/system/echo', { body: '{"ä": [1]}' });
    expect(reply.json).toEqual({ input: { ä: [1] } });
    expect((await send('/system/echo', { body: Buffer.from('{"ä": [1]}') })).json).toEqual({ input: { ä: [1] } });
  });
});

describe('refused before any route', () => {
  test.each([
    ['another method', { method: 'GET' }, 404, 'ResourceNotFound', 'POST'],
    ['no JSON', { body: '{' }, 400, 'MalformedJSON', 'JSON'],
    ['no body', { body: '' }, 400, 'MalformedJSON', 'empty'],
    ['text that is not UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'MalformedJSON', 'JSON'],
    ['another content type', { headers: { 'content-type': 'text/plain' } }, 400, 'MalformedJSON', 'text/plain'],
    ['a body too large', { body: `"${'x'.repeat(maximumBodyBytes)}"` }, 422, 'InvalidInput', `${maximumBodyBytes}`],
    [
      'a whole number that JavaScript cannot hold',
      { body: '{"a": {"n": [1, 9007199254740993]}}' },
      422,
      'InvalidInput',
      'the number 9007199254740993 (key "1") would become 9007199254740992: pass it as a string',
    ],
    [
      'a huge whole number',
      { body: `{"n": -${'1'.repeat(400)}}` },
      422,
      'InvalidInput',
      '1… (key "n") would become -Inf',
    ],
  ] as const)('%s', async (_name, request, status, type, words) => {
    const reply = await send('/system/echo', request);
    expect([reply.statusCode, reply.json.error.type]).toEqual([status, type]);
    expect(reply.json.error.message).toContain(words);
  });

  test.each([
    '{"n": 9007199254740991}',
    '{"n": 9007199254740992}',
    '{"n": 3.141592653589793238}',
    '{"n": 1e300}',
    '{"n": "9007199254740993"}',
    '{"0123456789012345": 0}',
  ])('%s is fine', async (body) => {
    expect((await send('/system/echo', { body })).json).toEqual({ input: JSON.parse(body) });
  });

  test.each([['application/json'], ['application/json; charset=utf-8'], ['Application/JSON']])(
    '%s is fine',
    async (type) => {
      expect((await send('/system/echo', { headers: { 'Content-Type': type } })).statusCode).toBe(200);
    },
  );
});

test('a page of another origin may call, and read the reply', async () => {
  const preflight = await send('/job/new', { method: 'OPTIONS', body: '', headers: { origin: 'https://example.com' } });
  expect(preflight).toMatchObject({
    statusCode: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization, content-type, dnanexus-api',
    },
  });
  expect((await send('/system/echo')).headers).toMatchObject({ 'access-control-allow-origin': '*' });
  expect((await send('/system/known')).headers).toMatchObject({ 'access-control-allow-origin': '*' });
});

describe('a fault', () => {
  test('a bug is an InternalError that says only where to look', async () => {
    const { json, headers } = await send('/system/bug');
    expect(json.error.type).toBe('InternalError');
    expect(json.error.message).toContain(headers?.['x-request-id']);
    expect(JSON.stringify(json)).not.toContain('secret detail');
    expect(logged.join('\n')).toContain('secret detail');
  });

  test('a busy platform asks the client to try again', async () => {
    const { statusCode, json, headers } = await send('/system/busy');
    expect([statusCode, json.error.type]).toEqual([503, 'ServiceUnavailable']);
    expect(Number(headers?.['retry-after'])).toBeGreaterThan(0);
  });

  test('an answer above 4 MB says to ask for less', async () => {
    const { json } = await send('/system/large');
    expect(json.error).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining('fewer fields') });
  });

  test('nobody is told so by the route', async () => {
    const { statusCode, json } = await send('/system/known');
    expect([statusCode, json.error.type]).toEqual([401, 'InvalidAuthentication']);
  });

  test('a download link without a valid seal is refused, and not logged', async () => {
    for (const method of ['GET', 'HEAD']) {
      const { statusCode } = await send('/_download/forged.seal/file-x/name', { method, body: '' });
      expect(statusCode).toBe(401);
    }
    expect(logged.join('\n')).not.toContain('forged');
  });
});

test('one line is logged for a request, without body and token', async () => {
  await send('/system/echo', { body: '{"password": "tell-no-one"}', headers: { authorization: 'Bearer my-token' } });
  const lines = logged.map((line) => JSON.parse(line));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ message: 'request', method: 'POST', path: '/system/echo', status: 200 });
  expect(logged.join()).not.toMatch(/tell-no-one|my-token/);
});
