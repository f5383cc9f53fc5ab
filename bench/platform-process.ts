// A platform as a user starts it, in a process of its own on a temporary data folder.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { given } from '../core/given.ts';
import { pathIn } from '../machine/data-folder.ts';
import { platformFlags } from '../machine/node-flag.ts';
import { askPlatform } from '../machine/operator/control-socket.ts';
import type { DeskRequest } from '../machine/operator/desk.ts';
import { type Client, createClient } from './client.ts';

export type PlatformProcess = {
  readonly pid: number;
  /** The time from its start until it served. */
  readonly startMs: number;
  readonly client: Client;
  /** The requests that its services have got so far, by name. */
  counts(): Promise<Readonly<Record<string, number>>>;
  /** Kills it, starts another one on the same data, and returns the milliseconds until that serves. */
  killAndStart(): Promise<number>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
};

export type PlatformOptions = {
  readonly workers: number;
  /** What is started: one process over one file, or the emulation of the deployed template. */
  readonly runtime: Runtime;
  /** Only as deployed: another DynamoDB engine than its own. */
  readonly dynamoUrl?: string;
};
/**
 * `kernel`: the embedded runtime with `--durability kernel`. `rootless`: the embedded runtime whose jobs get no `/` of their
 * own.
 */
export type Runtime = 'embedded' | 'kernel' | 'rootless' | 'deployed';

export async function startPlatformProcess({ workers, runtime, dynamoUrl }: PlatformOptions): Promise<PlatformProcess> {
  const data = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
  const settings = given({
    AWS_ENDPOINT_URL_DYNAMODB: dynamoUrl,
    ESPALIER_JOB_ROOT: runtime === 'rootless' ? 'no' : undefined,
  });
  const env = { ...process.env, ...settings };
  const own = ['--port', '0', '--data', data, '--workers', String(workers)];
  const parameters = [...platformFlags, program, 'start', ...flagsOf[runtime], ...own];
  const begin = () => spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const startedAt = performance.now();
  let child = begin();
  // A benchmark that is interrupted ends its platform.
  const interrupted = () => {
    child.kill('SIGKILL');
    // Its database ends a moment later.
    rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    process.exit(interruptedStatus);
  };
  for (const signal of endingSignals) process.once(signal, interrupted);
  const stop = async () => {
    for (const signal of endingSignals) process.removeListener(signal, interrupted);
    await end(child);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    const url = await ready(child);
    const startMs = performance.now() - startedAt;
    return {
      get pid() {
        return Number(child.pid);
      },
      startMs,
      async killAndStart() {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
        const againAt = performance.now();
        child = begin();
        await ready(child);
        return performance.now() - againAt;
      },
      client: createClient(url, await newToken(data)),
      counts: () => askPlatform(pathIn(data, 'socket'), { action: 'counts' } satisfies DeskRequest),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`no "ready" within ${startLimitMs} ms`)), startLimitMs);
    child.once('exit', (code) => fail(new Error(`the platform ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /^ready (http:\S+)$/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      done(url);
    });
  });
}

async function newToken(data: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, 'env', '--data', data]);
  const token = /"auth_token":"([^"]+)"/.exec(stdout)?.[1];
  if (token === undefined) throw new Error('"espalier env" printed no token');
  return token;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

const startLimitMs = 300_000;
const stopLimitMs = 30_000;
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const interruptedStatus = 130;
const program = resolve(import.meta.dirname, '../cli/espalier.ts');
const flagsOf: { readonly [runtime in Runtime]: readonly string[] } = {
  embedded: [],
  rootless: [],
  kernel: ['--durability', 'kernel'],
  deployed: ['--as-deployed'],
};
