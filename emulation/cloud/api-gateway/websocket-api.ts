// A WebSocket API: invokes $connect before the handshake, a route for each message and $disconnect at the end. It also
// sends to connections and closes them.

import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { InvocationResult } from '../lambda/sandbox.ts';
import { AwsError } from '../wire/aws-error.ts';
import { commonLogTime, flatHeaders, queryParameters } from './http-event.ts';

export type WebSocketApiOptions = {
  readonly apiId: string;
  readonly domainName: string;
  readonly stage: string;
  /** `$request.body.action`: names the member of a message that selects its route. */
  readonly routeSelectionExpression: string;
  /** Route key → ARN of the function. */
  readonly routes: ReadonlyMap<string, string>;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
  now(): number;
};

export type WebSocketApi = {
  /** Takes over the socket of an upgrade request. `query` is the query as the origin sees it. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer, query: string): Promise<void>;
  /** Throws GoneException if the connection has ended, and LimitExceededException if its client reads too slowly. */
  post(connectionId: string, data: Buffer): void;
  disconnect(connectionId: string): void;
  close(): void;
};

type Connection = {
  readonly id: string;
  readonly connectedAt: number;
  lastActiveAt: number;
  socket: WebSocket | undefined;
};
type Fields = Readonly<Record<string, unknown>>;

/** Creates the API. As on AWS, a connection ends after 10 idle minutes, and after 2 hours in any case. */
export function createWebSocketApi(options: WebSocketApiOptions): WebSocketApi {
  const server = new WebSocketServer({ noServer: true, maxPayload: maximumMessageBytes, clientTracking: false });
  const connections = new Map<string, Connection>();
  const find = (id: string) => {
    const connection = connections.get(id);
    if (connection?.socket) return { ...connection, socket: connection.socket };
    throw new AwsError('GoneException', '', 410);
  };
  return {
    async accept(req, socket, head, query) {
      const now = options.now();
      const connection: Connection = { id: connectionId(), connectedAt: now, lastActiveAt: now, socket: undefined };
      const headers = flatHeaders(req.headers);
      const parameters = queryParameters(query);
      const result = await call(options, connection, '$connect', {
        eventType: 'CONNECT',
        fields: { headers, multiValueHeaders: multiValued(headers), ...(parameters ? bothForms(parameters) : {}) },
      });
      const status = statusOf(result);
      if (status < 200 || status > 299) return refuseUpgrade(socket, status);
      server.handleUpgrade(req, socket, head, (webSocket) => {
        connection.socket = webSocket;
        connections.set(connection.id, connection);
        serve(options, connection, webSocket, () => connections.delete(connection.id));
      });
    },
    post(id, data) {
      const connection = find(id);
      if (data.length > maximumMessageBytes) throw new AwsError('PayloadTooLargeException', '', 413);
      if (connection.socket.bufferedAmount > maximumBufferedBytes)
        throw new AwsError('LimitExceededException', '', 429);
      touch(connections.get(id), options.now());
      connection.socket.send(data.toString('utf8'));
    },
    disconnect: (id) => find(id).socket.close(1000),
    close() {
      for (const { socket } of connections.values()) socket?.close(1001, 'Going away');
      server.close();
    },
  };
}

function serve(options: WebSocketApiOptions, connection: Connection, socket: WebSocket, onEnd: () => void): void {
  const lifeTimer = setTimeout(() => socket.close(1001, 'Connection limit'), lifeLimitMs);
  const idleTimer = setInterval(() => {
    if (options.now() - connection.lastActiveAt > idleLimitMs) socket.close(1001, 'Going away');
  }, idleLimitMs / 10);
  // As on AWS, functions may handle the messages of one connection out of order.
  socket.on('message', (data: Buffer) => {
    touch(connection, options.now());
    void receive(options, connection, socket, data.toString('utf8'));
  });
  socket.on('error', () => socket.terminate());
  socket.once('close', (code, reason) => {
    clearTimeout(lifeTimer);
    clearInterval(idleTimer);
    onEnd();
    const fields = { disconnectStatusCode: code, disconnectReason: reason.toString('utf8') };
    void call(options, connection, '$disconnect', { eventType: 'DISCONNECT', context: fields });
  });
}

async function receive(
  options: WebSocketApiOptions,
  connection: Connection,
  socket: WebSocket,
  body: string,
): Promise<void> {
  const routeKey = selectRoute(options, body);
  const requestId = randomUUID();
  const result = routeKey && (await call(options, connection, routeKey, { eventType: 'MESSAGE', fields: { body } }));
  if (result && !('error' in result)) return;
  const message = routeKey ? 'Internal server error' : 'Forbidden';
  if (socket.readyState === socket.OPEN) {
    socket.send(JSON.stringify({ message, connectionId: connection.id, requestId }));
  }
}

function selectRoute({ routes, routeSelectionExpression }: WebSocketApiOptions, body: string): string | undefined {
  const member = /^\$request\.body\.(\w+)$/.exec(routeSelectionExpression)?.[1] ?? '';
  let key: unknown;
  try {
    const value = JSON.parse(body) as unknown;
    key = typeof value === 'object' && value !== null ? Reflect.get(value, member) : undefined;
  } catch {
    // The message is not JSON, so no member names a route and $default takes it.
  }
  if (typeof key === 'string' && routes.has(key) && !key.startsWith('$')) return key;
  return routes.has('$default') ? '$default' : undefined;
}

/** Invokes the integration of a route. Undefined if the route has none. */
async function call(
  options: WebSocketApiOptions,
  connection: Connection,
  routeKey: string,
  event: { eventType: string; fields?: Fields; context?: Fields },
): Promise<InvocationResult | undefined> {
  const functionArn = options.routes.get(routeKey);
  if (functionArn === undefined) return undefined;
  const now = options.now();
  const requestContext = {
    routeKey,
    eventType: event.eventType,
    messageDirection: 'IN',
    stage: options.stage,
    connectionId: connection.id,
    connectedAt: connection.connectedAt,
    requestTime: commonLogTime(now),
    requestTimeEpoch: now,
    requestId: randomUUID(),
    extendedRequestId: randomUUID(),
    domainName: options.domainName,
    apiId: options.apiId,
    identity: { sourceIp: '127.0.0.1' },
    ...(event.eventType === 'MESSAGE' ? { messageId: randomUUID() } : {}),
    ...event.context,
  };
  return options.invoke(functionArn, JSON.stringify({ requestContext, isBase64Encoded: false, ...event.fields }));
}

/** Without a $connect route, every client may connect. */
function statusOf(result: InvocationResult | undefined): number {
  if (result === undefined) return 200;
  if ('error' in result) return 500;
  const value = JSON.parse(result.payload) as { statusCode?: number } | null;
  return value?.statusCode ?? 200;
}

function refuseUpgrade(socket: Duplex, status: number): void {
  socket.end(`HTTP/1.1 ${status} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
}

function touch(connection: Connection | undefined, now: number): void {
  if (connection) connection.lastActiveAt = now;
}

/** Ids look like those of AWS: they cannot be guessed, and can stand in a path once they are encoded. */
function connectionId(): string {
  return `${randomBytes(9).toString('base64')}=`;
}

function multiValued(headers: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

function bothForms(parameters: Readonly<Record<string, string>>) {
  return { queryStringParameters: parameters, multiValueQueryStringParameters: multiValued(parameters) };
}

/** Limits of a WebSocket API (apigateway-execution-service-websocket-limits-table.html). */
const maximumMessageBytes = 128 * 1024;
/** Bytes that are buffered for one client. AWS has a limit (PostToConnection) but does not document its size. */
const maximumBufferedBytes = 4 * 1024 * 1024;
const idleLimitMs = 10 * 60_000;
const lifeLimitMs = 2 * 3_600_000;
