// The socket in the data folder through which its owner talks to the running platform, in JSON over HTTP.

import { chmodSync, closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { basename, dirname } from 'node:path';
import { StartRefusal } from '../start-refusal.ts';

export type ControlSocket = { close(): Promise<void> };

/** Listens. `answer` gets the parsed body. The folder has mode 0700, the socket 0600. */
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
      if (byteCount > maximumBodyBytes) req.destroy();
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

/** No platform listens on the data folder. */
export class PlatformAbsent extends StartRefusal {}

/**
 * Asks the platform of a data folder.
 * @throws PlatformAbsent when none listens there; StartRefusal, with what happened, when the platform does not answer.
 */
export async function askPlatform<Answer>(path: string, request: object, limitMs = callLimitMs): Promise<Answer> {
  return atAddress(path, async (address) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const req = httpRequest({ socketPath: address, method: 'POST', timeout: limitMs }, (res) => {
      readAnswer<Answer>(res).then(resolve, reject);
    });
    req.once('timeout', () => req.destroy(new Error(`no answer within ${limitMs / 1000} s`)));
    req.once('error', reject);
    req.end(JSON.stringify(request));
    return promise;
  }).catch((cause: unknown) => {
    throw cause instanceof StartRefusal ? cause : refusalOf(dirname(path), cause as NodeJS.ErrnoException);
  });
}

async function readAnswer<Answer>(res: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer;
}

function refusalOf(folder: string, cause: NodeJS.ErrnoException): StartRefusal {
  switch (cause.code) {
    // There is no socket, or a platform that was killed left it behind.
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ECONNREFUSED': {
      const advice = `start one with "espalier start --data ${folder}"`;
      return new PlatformAbsent(`No platform runs on the data folder ${folder}: ${advice}.`, { cause });
    }
    case 'EACCES':
    case 'EPERM':
      return new StartRefusal(
        `The data folder ${folder} belongs to another user: only its owner may ask its platform.`,
        {
          cause,
        },
      );
    default:
      return new StartRefusal(`The platform on the data folder ${folder} did not answer: ${cause.message}.`, { cause });
  }
}

/** A path that is too long for an address is reached through its open folder. */
async function atAddress<Result>(path: string, use: (address: string) => Promise<Result>): Promise<Result> {
  if (Buffer.byteLength(path) <= maximumAddressBytes) return use(path);
  if (!existsSync('/proc/self/fd')) {
    throw new StartRefusal(`The path of ${path} is too long for a socket of this system: choose a shorter --data.`);
  }
  const folder = openSync(dirname(path), 'r');
  try {
    return await use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}

const maximumBodyBytes = 64 * 1024;
const callLimitMs = 30_000;
/** The kernel accepts addresses of at most 107 bytes. */
const maximumAddressBytes = 100;
