// Lets HTTP servers listen on loopback: on a given port, or on the port that they had before.

import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { writeKept } from './kept-file.ts';
import { StartRefusal } from './start-refusal.ts';

export type Listener = { readonly port: number; readonly url: string; close(): Promise<void> };

/**
 * Listens on the port that this name had before, so that URLs given out stay valid. The first time any port will do.
 */
export async function listenAgain(portsFile: string, name: string, serve: RequestListener): Promise<Listener> {
  const before = readPorts(portsFile)[name];
  // Bodies of S3 may take long, and a long poll is not a reason to end a request.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, serve);
  const port = await listen(server, before ?? 0).catch(() => listen(server, 0));
  writeKept(portsFile, JSON.stringify({ ...readPorts(portsFile), [name]: port }));
  return {
    port,
    url: `http://${loopback}:${port}`,
    async close() {
      await closeServer(server, 0);
    },
  };
}

/** @throws StartRefusal when the port is taken. */
export async function listenOn(server: Server, port: number): Promise<string> {
  try {
    return `http://${loopback}:${await listen(server, port)}`;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${message})`;
    throw new StartRefusal(`The port ${port} ${why}: choose another with --port, or --port 0 for any.`, { cause });
  }
}

/**
 * Refuses new connections, and ends those that wait for a request. A request that is under way has this time to end.
 * A server that is closed already stays so.
 */
export async function closeServer(server: Server, limitMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), limitMs);
  await closed;
  clearTimeout(timer);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => {
      server.off('error', reject);
      resolve((server.address() as { port: number }).port);
    });
  });
}

function readPorts(file: string): Record<string, number> {
  try {
    const ports = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as object);
    return Object.fromEntries(ports.filter(([, port]) => Number.isInteger(port)));
  } catch {
    // The file does not exist yet or is not readable. Any port will do.
    return {};
  }
}

const loopback = '127.0.0.1';
