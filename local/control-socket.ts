// The socket in the data folder through which its owner talks to the running platform. JSON over HTTP; it knows no request.
import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { basename, dirname } from 'node:path';
import { StartRefusal } from './start-refusal.ts';

const MAX_BODY_BYTES = 64 * 1024;
const CALL_LIMIT_MS = 30_000;
/** The kernel takes addresses of at most 107 bytes. */
const MAX_ADDRESS_BYTES = 100;

export type ControlSocket = { close(): Promise<void> };

/** Listens; `answer` gets the parsed body. The folder is 0700, the socket 0600. */
export async function openControlSocket(
  path: string,
  answer: (request: unknown) => Promise<object>,
): Promise<ControlSocket> {
  rmSync(path, { force: true });
  const server: Server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    let byteCount = 0;
    req.on('data', (chunk: Buffer) => {
      byteCount += chunk.length;
      if (byteCount > MAX_BODY_BYTES) req.destroy();
      else chunks.push(chunk);
    });
    req.on('end', () => {
      Promise.resolve()
        .then(() => answer(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
        .then(
          (value) => res.end(JSON.stringify(value)),
          (error: Error) => res.writeHead(500).end(JSON.stringify({ refusal: error.message })),
        );
    });
  });
  await atAddress(path, async (address) => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
  });
  chmodSync(path, 0o600);
  server.unref();
  return {
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(path, { force: true });
    },
  };
}

/** Asks the platform of a data folder. @throws StartRefusal when none runs there. */
export async function askPlatform<Answer>(path: string, request: object): Promise<Answer> {
  return atAddress(path, async (address) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const req = httpRequest({ socketPath: address, method: 'POST', timeout: CALL_LIMIT_MS }, async (res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of res) chunks.push(chunk as Buffer);
      resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer);
    });
    req.once('timeout', () => req.destroy(new Error('no answer in time')));
    req.once('error', (cause) => {
      const folder = dirname(path);
      const text = `No platform runs on the data folder ${folder}: start one with "espalier start --data ${folder}".`;
      reject(new StartRefusal(text, { cause }));
    });
    req.end(JSON.stringify(request));
    return promise;
  });
}

/** A path that is too long for an address is reached through its open folder. */
async function atAddress<Result>(path: string, use: (address: string) => Promise<Result>): Promise<Result> {
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES) return use(path);
  const folder = openFolder(dirname(path));
  try {
    return await use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}

function openFolder(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (cause) {
    throw new StartRefusal(`There is no data folder ${path}: start a platform there first.`, { cause });
  }
}
