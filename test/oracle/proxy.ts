// A proxy that stands before an engine and may change its answers.

import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Endpoint } from '../contract/endpoint.ts';

export type Call = {
  readonly method: string;
  /** The operation, if the service names it in `X-Amz-Target`. */
  readonly operation: string | undefined;
};
export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: string };
/** Returns another answer, or `undefined` to pass on the answer unchanged. */
export type Corrupt = (call: Call, answer: Answer) => Answer | undefined;

export type Proxy = Endpoint & { corruptedCount(): number };

/** Opens a proxy before an engine. Its `close` ends the engine too. The Host header stays as the client signed it. */
export async function openProxy(engine: Endpoint, corrupt: Corrupt): Promise<Proxy> {
  let corrupted = 0;
  const server = createServer(async (incoming, outgoing) => {
    try {
      const { answer, bytes } = await forward(engine.endpoint, incoming);
      const target = incoming.headers['x-amz-target'];
      const operation = typeof target === 'string' ? target.split('.').at(-1) : undefined;
      const changed = corrupt({ method: incoming.method ?? '', operation }, answer);
      if (changed) corrupted += 1;
      reply(outgoing, changed ?? answer, changed && changed.body !== answer.body ? Buffer.from(changed.body) : bytes);
    } catch (error) {
      // The client sees a broken connection, as it would without a proxy.
      outgoing.destroy(error as Error);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: engine.credentials,
    corruptedCount: () => corrupted,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await engine.close();
    },
  };
}

async function forward(endpoint: string, incoming: IncomingMessage): Promise<{ answer: Answer; bytes: Buffer }> {
  const { hostname, port } = new URL(endpoint);
  const { method, url: path, headers } = incoming;
  const upstream = request({ hostname, port, method, path, headers, setHost: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once('response', resolve).once('error', reject);
  });
  incoming.pipe(upstream);
  const response = await answered;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const answer = { status: response.statusCode ?? 502, headers: response.headers, body: bytes.toString() };
  return { answer, bytes };
}

function reply(outgoing: ServerResponse, { status, headers }: Answer, bytes: Buffer): void {
  const { 'transfer-encoding': _chunked, connection: _connection, ...kept } = headers;
  // An answer to HEAD has a length, but does not have a body.
  const length = bytes.length > 0 ? { 'content-length': String(bytes.length) } : {};
  outgoing.writeHead(status, { ...kept, ...length });
  outgoing.end(bytes);
}
