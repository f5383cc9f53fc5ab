// Measures how fast a file goes up and down, by the platform's links and by a bare HTTP server of Node in the same run.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Options } from './option.ts';
import type { Stage } from './workload.ts';

export type TransferTime = {
  readonly bytes: number;
  /** Megabytes a second. */
  readonly upload: number;
  readonly download: number;
  readonly bareUpload: number;
  readonly bareDownload: number;
};

type Place = {
  put(index: number, bytes: Buffer): Promise<void>;
  /** After the last part. */
  finish(): Promise<void>;
  /** Reads all bytes and returns their number. */
  get(): Promise<number>;
};

/** The rounds alternate, and the fastest of each counts, because others use the machine, too. */
export async function measureTransfer(stage: Stage, { transferredBytes, runtime }: Options): Promise<TransferTime> {
  const part = randomBytes(Math.min(partBytes, transferredBytes));
  const count = Math.ceil(transferredBytes / part.length);
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-http-'));
  // It promises as much as the platform does: that the disk has what was acknowledged.
  const parameters = [join(import.meta.dirname, 'bare-http.ts'), folder, runtime === 'kernel' ? 'kernel' : 'disk'];
  const server = spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const rates = { upload: 0, download: 0, bareUpload: 0, bareDownload: 0 };
  try {
    const bareUrl = `http://127.0.0.1:${await portOf(server)}`;
    for (let round = 0; round < rounds; round += 1) {
      const bare = barePlace(bareUrl, round);
      const own = await platformPlace(stage, part, round);
      rates.bareUpload = Math.max(rates.bareUpload, await uploadRate(bare, part, count));
      rates.upload = Math.max(rates.upload, await uploadRate(own, part, count));
      rates.bareDownload = Math.max(rates.bareDownload, await downloadRate(bare));
      rates.download = Math.max(rates.download, await downloadRate(own));
    }
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
  return { bytes: count * part.length, ...rates };
}

async function portOf(server: ChildProcess): Promise<number> {
  const [chunk] = (await once(server.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return Number(chunk.toString());
}

async function uploadRate({ put, finish }: Place, part: Buffer, count: number): Promise<number> {
  const startedAt = performance.now();
  for (let index = 1; index <= count; index += 1) await put(index, part);
  await finish();
  return (part.length * count) / 1000 / (performance.now() - startedAt);
}

async function downloadRate({ get }: Place): Promise<number> {
  const startedAt = performance.now();
  const bytes = await get();
  return bytes / 1000 / (performance.now() - startedAt);
}

/** A file on the bare server for each part, which are read one after another. */
function barePlace(url: string, round: number): Place {
  let count = 0;
  return {
    async put(index, bytes) {
      count = Math.max(count, index);
      await send('PUT', `${url}/${round}-${index}`, {}, bytes);
    },
    finish: async () => undefined,
    async get() {
      let bytes = 0;
      for (let index = 1; index <= count; index += 1) bytes += await send('GET', `${url}/${round}-${index}`, {});
      return bytes;
    },
  };
}

async function platformPlace({ client, applets }: Stage, part: Buffer, round: number): Promise<Place> {
  const { id } = await client.post('/file/new', { project: applets.project, name: `file-${round}` });
  const md5 = createHash('md5').update(part).digest('hex');
  return {
    async put(index, bytes) {
      const { url, headers } = await client.post(`/${id}/upload`, { index, size: bytes.length, md5 });
      await send('PUT', String(url), headers as Record<string, string>, bytes);
    },
    async finish() {
      await client.post(`/${id}/close`, {});
      for (const deadline = Date.now() + closeLimitMs; ; await pause(5)) {
        const { state } = await client.post(`/${id}/describe`, { fields: { state: true } });
        if (state === 'closed') return;
        if (Date.now() > deadline) throw new Error(`${id} is ${state} after ${closeLimitMs} ms instead of closed`);
      }
    },
    async get() {
      const { url, headers } = await client.post(`/${id}/download`, {});
      return send('GET', String(url), headers as Record<string, string>);
    },
  };
}

/** Returns the number of bytes of the answer. @throws Error when it is not a success */
async function send(method: string, url: string, headers: Record<string, string>, body?: Buffer): Promise<number> {
  const length = body === undefined ? {} : { 'content-length': String(body.length) };
  const outgoing = request(url, { method, headers: { ...headers, ...length } });
  const answered = once(outgoing, 'response') as Promise<[import('node:http').IncomingMessage]>;
  outgoing.end(body);
  const [answer] = await answered;
  let bytes = 0;
  for await (const chunk of answer) bytes += (chunk as Buffer).length;
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 299) throw new Error(`${method} ${url} was answered with ${status}`);
  return bytes;
}

const partBytes = 2 ** 27;
const rounds = 2;
const closeLimitMs = 120_000;
