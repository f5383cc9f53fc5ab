// Every refusal of the one port is in the form of the API: those of its methods, of Node's parser, of sockets and of links.

import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routes } from '../../api/routes.ts';
import { createApiServer } from '../../embedded/http/api-server.ts';
import { serveLogSockets } from '../../embedded/http/log-socket.ts';
import { createMemoryContext } from '../memory/context.ts';

let server: Server;
let port: number;
const reported: string[] = [];

beforeAll(async () => {
  const context = createMemoryContext();
  const report = (what: string) => void reported.push(what);
  server = createApiServer({
    context,
    routes,
    serveContent: async (_, res) => void res.end(),
    kept: async () => undefined,
    count: () => undefined,
    report,
  });
  serveLogSockets(server, context, report);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  expect(reported).toEqual([]);
});

type Answer = { readonly status: number; readonly error: { readonly type: string; readonly message: string } };

/** Sends bytes as they are, and reads the reply only after all were taken, as many clients do. */
async function send(...parts: readonly (string | Buffer)[]): Promise<Answer> {
  const socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  const ended = new Promise((resolve, reject) => socket.once('end', resolve).once('error', reject));
  for (const part of parts) await new Promise<void>((resolve) => socket.write(part, () => resolve()));
  socket.on('data', (chunk) => chunks.push(chunk));
  await ended;
  socket.destroy();
  const [head = '', body = ''] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n');
  expect(head.toLowerCase()).toContain('content-type: application/json');
  const { error } = JSON.parse(body) as Pick<Answer, 'error'>;
  return { status: Number(head.split(' ')[1]), error };
}

const megabyte = Buffer.alloc(1024 * 1024, ' ');
const call = (method: string, path: string, ...headers: string[]) =>
  [`${method} ${path} HTTP/1.1`, 'host: x', 'connection: close', ...headers, '', ''].join('\r\n');

describe('a refusal has the form of the API', () => {
  it.each<[string, readonly (string | Buffer)[], number, string, string]>([
    ['another method', [call('GET', '/system/whoami')], 404, 'ResourceNotFound', '"GET /system/whoami" is not a call'],
    ['DELETE', [call('DELETE', '/file-x')], 404, 'ResourceNotFound', 'every method is called by POST'],
    ['CONNECT', [call('CONNECT', 'x:1')], 404, 'ResourceNotFound', 'every method is called by POST'],
    ['an unknown method', [call('FETCH', '/')], 400, 'InvalidInput', 'its HTTP method is unknown'],
    ['no HTTP at all', ['\x16\x03\x01\x02\r\n\r\n'], 400, 'InvalidInput', 'The request cannot be read'],
    ['endless headers', [call('POST', '/', `x: ${'x'.repeat(20_000)}`)], 431, 'InvalidInput', 'more than 16 KB'],
    [
      'a socket of no log',
      [call('GET', '/x', 'upgrade: websocket', 'connection: upgrade')],
      404,
      'ResourceNotFound',
      'a log is at /job-xxxx/getLog/websocket',
    ],
    [
      'a body of 8 MiB',
      [call('POST', '/system/whoami', `content-length: ${8 * megabyte.length}`), ...Array(8).fill(megabyte)],
      422,
      'InvalidInput',
      'The request body has 8388608 bytes; at most 4194304 are accepted',
    ],
    [
      'a body of 8 MiB in chunks',
      [
        call('POST', '/system/whoami', 'transfer-encoding: chunked'),
        ...Array(8).fill(Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')])),
        '0\r\n\r\n',
      ],
      422,
      'InvalidInput',
      'The request body has 8388608 bytes',
    ],
    [
      'a body of 1 GB that is only announced',
      [call('POST', '/system/whoami', 'content-length: 1000000000')],
      422,
      'InvalidInput',
      'The request body has 1000000000 bytes',
    ],
  ])('for %s', async (_, parts, status, type, message) => {
    const answer = await send(...parts);
    expect([answer.status, answer.error.type]).toEqual([status, type]);
    expect(answer.error.message).toContain(message);
  });
});

it('a server without these listeners answers in other forms', async () => {
  const bare = createServer();
  await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
  const own = port;
  port = (bare.address() as AddressInfo).port;
  await expect(send(call('FETCH', '/'))).rejects.toThrow();
  port = own;
  bare.close();
});
