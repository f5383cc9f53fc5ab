// Stands before the DynamoDB engine: it checks the signature and the role of each call, then passes the bytes on
// unchanged. It also reports when a table was written, so that streams need not be polled. It does not read answers.

import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { dynamoAccesses, isWrite } from '../authority/dynamo-access.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import type { RequestHead } from '../cloud/wire/canonical-request.ts';
import type { Caller } from '../cloud/wire/control-server.ts';
import { type DynamoTarget, dynamoHeaders } from './client.ts';
import { createRequestReader, type RawRequest } from './request-reader.ts';

export type GateOptions = {
  /** The address of the engine. If it has credentials, requests are signed again with them. */
  readonly target: DynamoTarget;
  verify(req: RequestHead, bodySha256: string): { accessKeyId: string };
  authorise(caller: Caller, action: string, resources: readonly string[]): void;
  /** Called with the tables of a write, after the engine has begun to answer. */
  onWrite(tables: readonly string[]): void;
  /** Called with every call that passed, for counting. */
  onCall?(call: { operation: string; accessKeyId: string }): void;
};

export type Gate = { readonly port: number; close(): Promise<void> };

/**
 * Listens on a free port of 127.0.0.1. Each connection of a client has one to the engine, so answers match by order.
 */
export async function openGate(options: GateOptions): Promise<Gate> {
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (client) => {
    sockets.add(client);
    client.once('close', () => sockets.delete(client));
    serveConnection(client, options);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serveConnection(client: Socket, options: GateOptions): void {
  const read = createRequestReader();
  const engine = connectTo(new URL(options.target.endpoint));
  /** The tables that the request in flight writes to. Undefined while no request is in flight. */
  let writing: readonly string[] | undefined;
  const end = () => {
    client.destroy();
    engine.destroy();
  };
  client.on('data', (chunk) => {
    try {
      for (const request of read(chunk)) {
        // SDKs send the next request after the answer. Two in flight could be answered in the wrong order.
        if (writing !== undefined) return end();
        const refusal = examine(request, options);
        if (refusal instanceof AwsError) {
          client.write(refusalBytes(refusal));
        } else {
          writing = refusal;
          engine.write(options.target.credentials ? signedAgain(request, options.target) : request.bytes);
        }
      }
    } catch {
      // The bytes are not a request. The client notices when the connection ends.
      end();
    }
  });
  engine.on('data', (chunk) => {
    if (writing && writing.length > 0) options.onWrite(writing);
    writing = undefined;
    if (!client.write(chunk)) {
      engine.pause();
      client.once('drain', () => engine.resume());
    }
  });
  // If one connection ends, the other is ended too. The SDK opens a new one and repeats the request.
  for (const socket of [client, engine]) socket.on('error', end).on('close', end);
}

/** Returns the tables that a request will write to, or the error that refuses it. */
function examine(request: RawRequest, options: GateOptions): readonly string[] | AwsError {
  try {
    const target = request.headers['x-amz-target'] ?? '';
    const operation = target.slice(target.indexOf('.') + 1);
    const digest = createHash('sha256').update(request.body).digest('hex');
    const caller = options.verify(asIncoming(request), digest);
    const accesses = dynamoAccesses(operation, parseBody(request.body));
    for (const { action, resource } of accesses) options.authorise(caller, action, [resource]);
    options.onCall?.({ operation, accessKeyId: caller.accessKeyId });
    return isWrite(operation) ? accesses.map(({ resource }) => tableOf(resource)) : [];
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

function connectTo({ protocol, hostname, port }: URL): Socket {
  if (protocol === 'https:')
    return connectSecurely({ host: hostname, port: Number(port || 443), servername: hostname });
  return connect({ host: hostname, port: Number(port || 80), noDelay: true });
}

function signedAgain({ headers, body }: RawRequest, target: DynamoTarget): Buffer {
  const url = new URL(target.endpoint);
  const own = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': headers['x-amz-target'] ?? '' };
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const signed = { ...dynamoHeaders(target, url, own, bodySha256), 'content-length': String(body.length) };
  const lines = Object.entries(signed).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST ${url.pathname} HTTP/1.1`, ...lines, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** The request in the form that the verifier reads. Each header has one value here. */
function asIncoming({ method, url, headers }: RawRequest): RequestHead {
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  return { method, url, headers, headersDistinct };
}

function parseBody(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(body.toString('utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw new AwsError('SerializationException', `The body is not JSON: ${(cause as Error).message}`);
  }
}

function tableOf(arn: string): string {
  return arn.split('/')[1] ?? arn;
}

function refusalBytes({ code, message, status, extra }: AwsError): Buffer {
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message, ...extra });
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/x-amz-json-1.0',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    '',
  ];
  return Buffer.from(head.join('\r\n') + body);
}
