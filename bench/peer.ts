// Runs the same no-op jobs with other engines that are installed on this machine, two at a time, so that ratios hold on any
// machine. Each starts a bash for each job, as the platform does. The time of its own start is subtracted: it is that of one
// job.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { emptyCode } from './applet.ts';
import { measureBareSpawn } from './bare-spawn.ts';

export type PeerTime = { readonly peer: string; readonly jobs: number; readonly wallMsPerJob: number };

type Peer = {
  readonly peer: string;
  /** The program by which it is found on the PATH. */
  readonly program: string;
  /** A module of Node that it needs besides, in the folder that `ESPALIER_PEERS` names. */
  readonly module?: string;
  /** Writes its files into a folder and returns the command that runs so many jobs there. */
  prepare(folder: string, count: number): readonly string[];
};

/** Those that are installed. `say` gets a line about each. */
export async function measurePeers(count: number, say: (line: string) => void): Promise<PeerTime[]> {
  const found: PeerTime[] = [];
  for (const one of peers) {
    if (!isInstalled(one)) {
      say(`${one.peer} is not installed`);
      continue;
    }
    say(`${one.peer}: ${count} jobs`);
    const floor = await measureBareSpawn(count, atOnce);
    const start = await timeOf(one, 1);
    const wallMs = await timeOf(one, count + 1);
    found.push({ peer: one.peer, jobs: count, wallMsPerJob: (wallMs - start) / count - floor.wallMsPerJob });
  }
  return found;
}

function isInstalled({ program, module }: Peer): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (!folders.some((folder) => existsSync(join(folder, program)))) return false;
  return module === undefined || existsSync(join(modulesFolder(), module));
}

async function timeOf({ peer, prepare }: Peer, count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-peer-'));
  try {
    const [program = '', ...parameters] = prepare(folder, count);
    const startedAt = performance.now();
    await finished(peer, program, parameters, folder);
    return performance.now() - startedAt;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function finished(peer: string, program: string, parameters: readonly string[], cwd: string): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn(program, parameters, { cwd, stdio: ['ignore', 'ignore', 'pipe'], timeout: limitMs });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-errorLength);
    });
    child.once('error', fail);
    child.once('close', (code) => (code === 0 ? done() : fail(new Error(`${peer} ended with ${code}: ${errors}`))));
  });
}

function modulesFolder(): string {
  return join(process.env.ESPALIER_PEERS ?? '.', 'node_modules');
}

/** Redis keeps nothing on a disk here, so that this is the fastest that BullMQ can be. */
function bullProgram(count: number): string {
  return `
const { spawn } = require('node:child_process');
const { createRequire } = require('node:module');
const { Queue, Worker } = createRequire(${JSON.stringify(join(modulesFolder(), 'x.js'))})('bullmq');
let left = ${count};
const socket = process.cwd() + '/redis';
const redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' });
const connection = { path: socket, retryStrategy: () => 20, maxRetriesPerRequest: null };
const onError = (error) => {
  // Redis is not ready yet, or ends.
  if (left === 0 || /ENOENT|ECONNREFUSED/.test(error.message)) return;
  process.stderr.write(error.message);
  redis.kill('SIGKILL');
  process.exit(1);
};
const run = () => new Promise((done, fail) => {
  const child = spawn('bash', ['-c', ${JSON.stringify(`${emptyCode}; main`)}], { stdio: 'ignore' });
  child.once('exit', (code) => (code === 0 ? done() : fail(new Error('bash ended with ' + code))));
});
(async () => {
  const queue = new Queue('jobs', { connection });
  queue.on('error', onError);
  const worker = new Worker('jobs', run, { connection, concurrency: ${atOnce} });
  worker.on('error', onError);
  worker.on('completed', () => {
    left -= 1;
    if (left > 0) return;
    redis.once('exit', () => process.exit());
    redis.kill('SIGKILL');
  });
  for (let sent = 0; sent < ${count}; sent += 1000) {
    await queue.addBulk(Array.from({ length: Math.min(1000, ${count} - sent) }, () => ({ name: 'job', data: {} })));
  }
})();
`;
}

const command = `bash -c '${emptyCode}; main'`;
const atOnce = 2;
const errorLength = 2_000;
const limitMs = 120_000;

const peers: readonly Peer[] = [
  {
    peer: 'make',
    program: 'make',
    prepare(folder, count) {
      const targets = Array.from({ length: count }, (_, index) => `job${index}`).join(' ');
      writeFileSync(join(folder, 'Makefile'), `all: ${targets}\n${targets}:\n\t@${command}\n.PHONY: all ${targets}\n`);
      return ['make', `-j${atOnce}`];
    },
  },
  {
    peer: 'BullMQ',
    program: 'redis-server',
    module: 'bullmq',
    prepare(folder, count) {
      writeFileSync(join(folder, 'run.cjs'), bullProgram(count));
      return [process.execPath, 'run.cjs'];
    },
  },
  {
    peer: 'snakemake',
    program: 'snakemake',
    prepare(folder, count) {
      const rule = `rule job:\n  output: touch("{n}.done")\n  shell: "${command.replaceAll('{', '{{').replaceAll('}', '}}')}"\n`;
      const all = `rule all:\n  input: expand("{n}.done", n=range(${count}))\n`;
      writeFileSync(join(folder, 'Snakefile'), all + rule);
      return ['snakemake', '--cores', String(atOnce), '--quiet', 'all'];
    },
  },
  {
    peer: 'cwltool',
    program: 'cwltool',
    prepare(folder, count) {
      const step = {
        ...{ class: 'CommandLineTool', cwlVersion: 'v1.2', inputs: { n: 'int' }, outputs: {} },
        baseCommand: ['bash', '-c', `${emptyCode}; main`],
      };
      const workflow = {
        ...{ class: 'Workflow', cwlVersion: 'v1.2', requirements: { ScatterFeatureRequirement: {} } },
        ...{ inputs: { n: 'int[]' }, outputs: {} },
        steps: { job: { run: step, scatter: 'n', in: { n: 'n' }, out: [] } },
      };
      writeFileSync(join(folder, 'jobs.cwl'), JSON.stringify(workflow));
      writeFileSync(join(folder, 'jobs.json'), JSON.stringify({ n: Array.from({ length: count }, (_, n) => n) }));
      return ['cwltool', '--quiet', '--parallel', 'jobs.cwl', 'jobs.json'];
    },
  },
];
