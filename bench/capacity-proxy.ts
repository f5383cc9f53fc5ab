// A proxy between the platform and its DynamoDB engine. It asks for the consumed capacity with every request and adds
// up the answers by table, by operation, and by kind of row. It changes nothing else.

import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Access, accessesOf } from './row-kind.ts';

/**
 * Units so far. A write of an item of 1 KB is one unit, a consistent read of 4 KB is one, and any other read half a
 * unit.
 */
export type Capacity = {
  readonly writeUnits: number;
  readonly readUnits: number;
  /** `<operation> <table> <kind of row>` → units. */
  readonly writesByKind: ReadonlyMap<string, number>;
  readonly readsByKind: ReadonlyMap<string, number>;
};

export type CapacityProxy = {
  readonly url: string;
  units(): Capacity;
  close(): Promise<void>;
};

type Answer = {
  readonly __type?: string;
  readonly ConsumedCapacity?: { readonly CapacityUnits: number } | readonly { readonly CapacityUnits: number }[];
};

/** Listens on a free port of 127.0.0.1. */
export async function openCapacityProxy(enginePort: number): Promise<CapacityProxy> {
  const agent = new Agent({ keepAlive: true });
  const writesByKind = new Map<string, number>();
  const readsByKind = new Map<string, number>();
  const server = createServer((req, res) => {
    passOn(req, res, { agent, enginePort }, (operation, accesses, units) => {
      const into = writingOperations.test(operation) ? writesByKind : readsByKind;
      for (const access of accesses) {
        const name = `${operation} ${access.table} ${access.kind}`;
        into.set(name, (into.get(name) ?? 0) + units / accesses.length);
      }
    }).catch((error: Error) => res.destroy(error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sum = (units: ReadonlyMap<string, number>) => [...units.values()].reduce((total, one) => total + one, 0);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    units: () => ({
      writeUnits: sum(writesByKind),
      readUnits: sum(readsByKind),
      writesByKind: new Map(writesByKind),
      readsByKind: new Map(readsByKind),
    }),
    async close() {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function passOn(
  req: IncomingMessage,
  res: ServerResponse,
  engine: { agent: Agent; enginePort: number },
  count: (operation: string, accesses: readonly Access[], units: number) => void,
): Promise<void> {
  const operation = String(req.headers['x-amz-target']).replace(/^.*\./, '');
  const counted = countedOperations.test(operation);
  const sent = await bytesOf(req);
  const input = counted ? (JSON.parse(sent.toString('utf8')) as Record<string, unknown>) : undefined;
  const body = input ? Buffer.from(JSON.stringify({ ...input, ReturnConsumedCapacity: 'TOTAL' })) : sent;
  // The engine checks no signatures, so a body may be changed.
  const headers = { ...req.headers, 'content-length': String(body.length) };
  const reply = await new Promise<IncomingMessage>((resolve, reject) => {
    const { agent, enginePort: port } = engine;
    const options = { host: '127.0.0.1', port, agent, method: req.method, path: req.url, headers };
    httpRequest(options, resolve).once('error', reject).end(body);
  });
  const received = await bytesOf(reply);
  if (input) count(operation, accessesOf(operation, input), unitsOf(JSON.parse(received.toString('utf8')) as Answer));
  res.writeHead(reply.statusCode ?? 502, reply.headers).end(received);
}

function unitsOf({ __type = '', ConsumedCapacity = [] }: Answer): number {
  if (/ConditionalCheckFailed|TransactionCanceled/.test(__type)) return refusedWriteUnits;
  return [ConsumedCapacity].flat().reduce((total, { CapacityUnits }) => total + CapacityUnits, 0);
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const countedOperations =
  /^(Get|Put|Update|Delete)Item$|^(Query|Scan)$|^Batch(Get|Write)Item$|^Transact(Get|Write)Items$/;
const writingOperations = /^(Put|Update|Delete)Item$|^BatchWriteItem$|^TransactWriteItems$/;
/** A write that its condition refused is charged by the size of the existing item. Most items have at most 1 KB. */
const refusedWriteUnits = 1;
