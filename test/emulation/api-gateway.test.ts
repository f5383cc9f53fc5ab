// Tests routes, events and sockets of the emulated APIs, and the distribution before them.

import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createHttpApi } from '../../emulation/cloud/api-gateway/http-api.ts';
import type { HttpRequest } from '../../emulation/cloud/api-gateway/http-event.ts';
import { compileRoutes } from '../../emulation/cloud/api-gateway/route.ts';
import { createWebSocketApi, type WebSocketApi } from '../../emulation/cloud/api-gateway/websocket-api.ts';
import { createDistribution } from '../../emulation/cloud/cloud-front/distribution.ts';
import type { InvocationResult } from '../../emulation/cloud/lambda/sandbox.ts';
import { eventually } from '../machine/temporary-folder.ts';

describe('routes', () => {
  const find = compileRoutes([
    '$default',
    'POST /job/new',
    'POST /{subject}/run',
    'POST /{a}/{b}/run',
    'GET /x/{rest+}',
  ]);
  it.each([
    ['POST', '/job/new', 'POST /job/new', {}],
    ['GET', '/job/new', '$default', {}],
    ['POST', '/applet-1/run', 'POST /{subject}/run', { subject: 'applet-1' }],
    ['POST', '/app-x/1.0/run', 'POST /{a}/{b}/run', { a: 'app-x', b: '1.0' }],
    ['POST', '//run', '$default', {}],
    ['GET', '/x/a/b', 'GET /x/{rest+}', { rest: 'a/b' }],
    ['POST', '/a/b/c/run', '$default', {}],
  ])('%s %s goes to %s', (method, path, routeKey, pathParameters) => {
    expect(find(method, path)).toEqual({ routeKey, pathParameters });
  });
  it('without $default do not match other requests', () =>
    expect(compileRoutes(['POST /a'])('POST', '/b')).toBeUndefined());
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function givenServer(server: Server): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe('an HTTP API', () => {
  async function given(answer: (event: Record<string, unknown>) => InvocationResult, routeKey = '$default') {
    const api = createHttpApi({
      apiId: 'abc',
      domainName: 'abc.example',
      stage: '$default',
      routes: new Map([[routeKey, 'arn:f']]),
      invoke: async (_arn, payload) => answer(JSON.parse(payload) as Record<string, unknown>),
      now: () => Date.UTC(2026, 10, 21, 4, 46, 49),
    });
    const host = await givenServer(
      createServer((req, res) => {
        const chunks: Buffer[] = [];
        req.on('data', (chunk: Buffer) => chunks.push(chunk));
        req.on('end', () => {
          const [path = '', query = ''] = (req.url ?? '').split('?');
          const { method = '', headers } = req;
          const body = Buffer.concat(chunks);
          void api.serve({ method, path, query, headers, body, sourceIp: '127.0.0.1' } satisfies HttpRequest, res);
        });
      }),
    );
    return (path: string, init?: RequestInit) => fetch(`http://${host}${path}`, init);
  }
  const returns = (value: unknown): InvocationResult => ({ payload: JSON.stringify(value) });

  it('passes a request to the function in payload format 2.0', async () => {
    let seen: Record<string, unknown> = {};
    const call = await given((event) => {
      seen = event;
      return returns({ statusCode: 201, headers: { 'x-own': '1' }, body: 'made' });
    });
    const headers = { 'content-type': 'application/json', cookie: 'a=1; b=2', 'X-Mixed': 'Case' };
    const response = await call('/p/q?x=1&x=2&y=%20', { method: 'POST', headers, body: '{"ä":1}' });
    expect(response.status).toBe(201);
    expect(response.headers.get('x-own')).toBe('1');
    expect(await response.text()).toBe('made');
    expect(seen).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/p/q',
      rawQueryString: 'x=1&x=2&y=%20',
      cookies: ['a=1', 'b=2'],
      queryStringParameters: { x: '1,2', y: ' ' },
      headers: { 'x-mixed': 'Case' },
      body: '{"ä":1}',
      isBase64Encoded: false,
      requestContext: { http: { method: 'POST', path: '/p/q' }, time: '21/Nov/2026:04:46:49 +0000', stage: '$default' },
    });
    expect(seen.headers).not.toHaveProperty('cookie');
  });

  it('passes bytes as base64', async () => {
    const call = await given(({ body, isBase64Encoded }) =>
      returns({ statusCode: 200, body: JSON.stringify([body, isBase64Encoded]) }),
    );
    const response = await call('/', {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array([0, 255]),
    });
    expect(await response.json()).toEqual(['AP8=', true]);
  });

  it.each([
    ['answers a plain value as the body of a 200', returns({ a: 1 }), 200, '{"a":1}'],
    ['sends base64 as bytes', returns({ statusCode: 200, body: 'aGk=', isBase64Encoded: true }), 200, 'hi'],
    [
      'answers 500 when the function fails',
      { error: { errorType: 'E', errorMessage: 'secret' } },
      500,
      '{"message":"Internal Server Error"}',
    ],
    [
      'answers 500 for a malformed answer of the function',
      returns({ statusCode: 'x' }),
      500,
      '{"message":"Internal Server Error"}',
    ],
  ])('%s', async (_what, result, status, body) => {
    const response = await (await given(() => result))('/');
    expect([response.status, await response.text()]).toEqual([status, body]);
  });

  it('answers 404 without a route, and 413 for a body that is too large for a function', async () => {
    const call = await given(() => returns({}), 'POST /only');
    expect((await call('/other')).status).toBe(404);
    const headers = { 'content-type': 'application/octet-stream' };
    expect((await call('/only', { method: 'POST', headers, body: new Uint8Array(5_000_000) })).status).toBe(413);
    const text = { method: 'POST', headers: { 'content-type': 'text/plain' } };
    expect((await call('/only', { ...text, body: 'x'.repeat(4_000_000) })).status).toBe(200);
    expect((await call('/only', { ...text, body: 'é'.repeat(4_000_000) })).status).toBe(413);
  });
});

describe('a WebSocket API', () => {
  async function given(connectStatus = 200) {
    const events: { requestContext: Record<string, unknown>; body?: string; queryStringParameters?: object }[] = [];
    const route = (key: string) => [key, 'arn:f'] as const;
    const api: WebSocketApi = createWebSocketApi({
      apiId: 'abc',
      domainName: 'abc.example',
      stage: 'log',
      routeSelectionExpression: '$request.body.action',
      routes: new Map(['$connect', '$default', '$disconnect', 'ping'].map(route)),
      async invoke(_arn, payload) {
        const event = JSON.parse(payload) as (typeof events)[number];
        events.push(event);
        if (event.body === 'fail') return { error: { errorType: 'E', errorMessage: 'x' } };
        return { payload: JSON.stringify({ statusCode: connectStatus }) };
      },
      now: Date.now,
    });
    const server = createServer();
    server.on('upgrade', (req, socket, head) => void api.accept(req, socket, head, 'job=1'));
    const client = new WebSocket(`ws://${await givenServer(server)}/`);
    const received: string[] = [];
    client.on('message', (data: Buffer) => received.push(data.toString()));
    const refused = new Promise<number>((resolve) => {
      client.on('unexpected-response', (_req, res) => resolve(res.statusCode ?? 0));
      client.on('error', () => undefined);
    });
    const opened = new Promise<void>((resolve) => client.once('open', () => resolve()));
    const closed = new Promise<number>((resolve) => client.once('close', (code: number) => resolve(code)));
    const routeKeys = () => events.map(({ requestContext }) => requestContext.routeKey);
    return { api, events, client, received, opened, refused, closed, routeKeys };
  }

  it('connects with the query of the origin, routes messages, and reports the end', async () => {
    const { events, client, opened, routeKeys } = await given();
    await opened;
    expect(events[0]).toMatchObject({ queryStringParameters: { job: '1' }, requestContext: { eventType: 'CONNECT' } });
    client.send('{"action":"ping"}');
    client.send('no json');
    await eventually('both messages', () => events.length === 3);
    expect(routeKeys().sort()).toEqual(['$connect', '$default', 'ping']);
    client.close();
    await eventually('the end', () => routeKeys().includes('$disconnect'));
  });

  it('refuses the handshake when $connect refuses', async () => {
    const { refused, api } = await given(403);
    expect(await refused).toBe(403);
    expect(() => api.post('nobody', Buffer.from('x'))).toThrow(
      expect.objectContaining({ code: 'GoneException', status: 410 }),
    );
  });

  it('sends to a connection and ends it, after which the connection is gone', async () => {
    const { api, events, opened, received, closed } = await given();
    await opened;
    const id = String(events[0]?.requestContext.connectionId);
    api.post(id, Buffer.from('hello'));
    await eventually('the message', () => received.includes('hello'));
    api.disconnect(id);
    expect(await closed).toBe(1000);
    await eventually('gone', () => {
      try {
        api.post(id, Buffer.from('x'));
      } catch (error) {
        return (error as { code?: string }).code === 'GoneException';
      }
    });
  });

  it('refuses messages for a client that does not read, until the client reads again', async () => {
    const { api, events, client, opened, received } = await given();
    await opened;
    const id = String(events[0]?.requestContext.connectionId);
    const line = Buffer.alloc(100_000, 'x');
    const socket = (client as unknown as { _socket: { pause(): void; resume(): void } })._socket;
    socket.pause();
    let sent = 0;
    const flood = () => {
      for (; sent < 10_000; sent++) api.post(id, line);
    };
    expect(flood).toThrow(expect.objectContaining({ code: 'LimitExceededException', status: 429 }));
    expect(sent).toBeLessThan(1_000);
    const before = sent;
    socket.resume();
    await eventually('all that was taken', () => received.length === before);
    api.post(id, Buffer.from('again'));
    await eventually('the next', () => received.at(-1) === 'again');
  });

  it('reports to the client that the function failed', async () => {
    const { client, opened, received } = await given();
    await opened;
    client.send('fail');
    await eventually('the failure', () => received.some((text) => text.includes('Internal server error')));
  });
});

describe('a distribution', () => {
  const code = `function handler(event) {
    var match = /^\\/(job-\\w+)\\/log$/.exec(event.request.uri);
    if (event.request.uri === '/job-9/spin') for (;;);
    if (!match) return { statusCode: 404 };
    event.request.querystring = { job: { value: match[1] }, was: { value: event.request.method } };
    event.request.uri = '/';
    return event.request;
  }`;
  const { route } = createDistribution(
    {
      Origins: [
        { Id: 'http', DomainName: 'http.example' },
        { Id: 'log', DomainName: 'log.example', OriginPath: '/log' },
      ],
      DefaultCacheBehavior: { TargetOriginId: 'http', AllowedMethods: ['GET', 'POST'] },
      CacheBehaviors: [
        {
          PathPattern: '/job-*/*',
          TargetOriginId: 'log',
          AllowedMethods: ['GET'],
          FunctionAssociations: [{ EventType: 'viewer-request', FunctionARN: 'arn:fn' }],
        },
      ],
    },
    () => code,
  );
  it.each([
    ['GET', '/job-1/log', 'x=1', { domainName: 'log.example', path: '/log/', query: 'job=job-1&was=GET' }],
    ['GET', '/job-1/other', '', { status: 404 }],
    ['GET', '/job-9/spin', '', { status: 503 }],
    ['POST', '/job-1/log', '', { status: 403 }],
    ['POST', '/job/new', 'a=b', { domainName: 'http.example', path: '/job/new', query: 'a=b' }],
  ])('%s %s?%s goes to %j', (method, uri, query, expected) => {
    expect(route({ method, uri, query, headers: {} })).toEqual(expected);
  });
});
