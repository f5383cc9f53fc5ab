// HTTP servers on loopback ports: taken by number, or again the one they had before. It knows nothing of what is served.
import { readFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:http';
import { writeKept } from '../../machine/kept-file.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';

const HOST = '127.0.0.1';

export type Listener = { readonly port: number; readonly url: string; close(): Promise<void> };

/** Listens on the port that this name had when the platform ran last, else on any: URLs given out stay good. */
export async function listenAgain(portsFile: string, name: string, serve: RequestListener): Promise<Listener> {
  const before = readPorts(portsFile)[name];
  // Bodies of S3 may take long, and long polls are no reason to end a request.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 65_000 }, serve);
  const port = await listen(server, before ?? 0).catch(() => listen(server, 0));
  writeKept(portsFile, JSON.stringify({ ...readPorts(portsFile), [name]: port }));
  return {
    port,
    url: `http://${HOST}:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** @throws StartRefusal when the port is taken. */
export async function listenOn(server: Server, port: number): Promise<string> {
  try {
    return `http://${HOST}:${await listen(server, port)}`;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${message})`;
    throw new StartRefusal(`The port ${port} ${why}: choose another with --port, or --port 0 for any.`, { cause });
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, () => {
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
    // None yet, or not readable: any port will do.
    return {};
  }
}
