// `espalier demo`: runs the main job on real sequencing reads, step by step, with the real dx client on a temporary
// platform. It leaves the results but no process behind, also when it fails or is interrupted. Every step is a command
// that a user could type.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import type { CommandLine } from '../command.ts';
import { say as notice } from '../notice.ts';

/**
 * Returns the exit status: 0 when the tree of jobs is done and its results are downloaded, 128 and more after a signal.
 */
export async function demo({ flags }: CommandLine): Promise<number> {
  say('Python with the dx client (made once, kept in the cache)');
  const { bin } = await preparePythonEnvironment(process.env, notice);
  const data = mkdtempSync(join(tmpdir(), 'espalier-demo-'));
  const results = mkdtempSync(join(tmpdir(), 'espalier-demo-results-'));
  const given = new AbortController();
  const interrupted = (signal: NodeJS.Signals) => given.abort(new Interruption(signal));
  for (const signal of endingSignals) process.on(signal, interrupted);
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', ({ message }) => given.abort(new StepFailure(`its output cannot be written (${message})`)));
  }
  say(`A platform of its own, for this demo only (data in ${data})`);
  const platform = startOn(
    data,
    [...flags].map((flag) => `--${flag}`),
  );
  platform.once('exit', (code) => given.abort(new StepFailure(`the platform ended with exit code ${code}`)));
  try {
    say(`ready at ${await ready(platform, given.signal)}`);
    await walk(await client({ data, results, bin, signal: given.signal }), results);
    say(`The plot:    ${join(results, 'quality.svg')}`);
    say(`The table:   ${join(results, 'quality.tsv')}`);
    return 0;
  } catch (error) {
    rmSync(results, { recursive: true, force: true });
    return statusAfter(given.signal.aborted ? given.signal.reason : error);
  } finally {
    await end(platform);
    rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    for (const signal of endingSignals) process.removeListener(signal, interrupted);
  }
}

/** A reason to end the demo. Its message says what happened. */
class StepFailure extends Error {}
class Interruption extends StepFailure {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`it received ${signal}`);
    this.signal = signal;
  }
}

/** Says why the demo ended. Any other error is thrown again. */
function statusAfter(reason: unknown): number {
  if (!(reason instanceof StepFailure)) throw reason;
  process.stderr.write(
    `espalier: The demo ended early, and its platform was stopped and removed: ${reason.message}.\n`,
  );
  return reason instanceof Interruption ? 128 + constants.signals[reason.signal] : 1;
}

/** Starts the platform in a group of its own, so that Ctrl-C reaches it only through the demo and it ends in order. */
function startOn(data: string, flags: readonly string[]): ChildProcess {
  const parameters = [join(checkout, 'cli/espalier.ts'), 'start', '--port', '0', '--data', data, ...flags];
  return spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
}

type Dx = (args: readonly string[], quiet?: 'quiet') => Promise<string>;

async function walk(dx: Dx, results: string): Promise<void> {
  say('Upload 20,000 pairs of real reads (human RNA-seq, ERR127302)');
  for (const file of reads) await dx(['upload', file, '--wait', '--brief']);
  say('Build the applet in examples/fastq-stats');
  await dx(['build', join(checkout, 'examples/fastq-stats')]);
  say('Run it: it splits the reads, counts each part in a job of its own, and adds the counts up. The log is live');
  const inputs = reads.map((file) => `-ireads=${file.split('/').at(-1)}`);
  const job = (await dx(['run', 'fastq-stats', ...inputs, '-y', '--brief'])).trim();
  await dx(['watch', job, '--tree', '--quiet']);
  say('The tree of jobs, with states and times');
  await dx(['find', 'executions', '--origin', job]);
  say('The results');
  await dx(['download', 'summary.json', 'quality.tsv', 'quality.svg', '-o', results], 'quiet');
  process.stdout.write(readFileSync(join(results, 'summary.json'), 'utf8'));
}

type Setting = {
  readonly data: string;
  readonly results: string;
  readonly bin: string;
  /** Ends the command that is running. */
  readonly signal: AbortSignal;
};

/** Runs `dx`, shows the command and its output, and returns its standard output. */
async function client({ data, results, bin, signal }: Setting): Promise<Dx> {
  const home = join(data, 'demo-home');
  const exports = await run(process.execPath, [join(checkout, 'cli/espalier.ts'), 'env', '--data', data], { signal });
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    DX_USER_CONF_DIR: home,
    ...Object.fromEntries(parseExports(exports)),
  };
  return async (args, quiet) => {
    if (!quiet) process.stdout.write(`$ dx ${args.map((one) => one.replace(`${checkout}/`, '')).join(' ')}\n`);
    return run(join(bin, 'dx'), args, { env, cwd: results, signal }, quiet === undefined);
  };
}

function run(program: string, args: readonly string[], options: SpawnOptions, show = false): Promise<string> {
  return new Promise((done, fail) => {
    // The client's standard error stays the terminal's, so that its progress bars are shown.
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (show) process.stdout.write(chunk);
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done(output);
      else fail(new StepFailure(`"${basename(program)} ${args.join(' ')}" ended with exit code ${code}`));
    });
  });
}

/** Reads `export NAME='value'` lines, as `espalier env` prints them for a shell. */
function parseExports(lines: string): [string, string][] {
  return lines.split('\n').flatMap((line) => {
    const match = /^export (\w+)=(.*)$/.exec(line);
    if (!match) return [];
    const quoted = /^'(.*)'$/.exec(match[2] ?? '');
    return [[match[1] ?? '', quoted ? (quoted[1] ?? '').replaceAll(`'\\''`, `'`) : (match[2] ?? '')]];
  });
}

function ready(platform: ChildProcess, signal: AbortSignal): Promise<string> {
  return new Promise((done, fail) => {
    const late = () => fail(new StepFailure(`the platform was not ready in ${startLimitMs / 1000} seconds`));
    const timer = setTimeout(late, startLimitMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      fail(signal.reason);
    });
    createInterface({ input: platform.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const url = /^ready (\S+)$/.exec(line)?.[1];
      if (!url) return;
      clearTimeout(timer);
      done(url);
    });
  });
}

async function end(platform: ChildProcess): Promise<void> {
  if (platform.exitCode !== null || platform.signalCode !== null) return;
  const ended = new Promise((done) => platform.once('exit', done));
  platform.kill('SIGINT');
  const timer = setTimeout(() => platform.kill('SIGKILL'), stopLimitMs);
  await ended;
  clearTimeout(timer);
}

function say(text: string): void {
  process.stdout.write(`\n▸ ${text}\n`);
}

const startLimitMs = 180_000;
const stopLimitMs = 30_000;
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const reads = [1, 2].map((end) => join(checkout, 'examples/data/reads', `ERR127302_${end}_subset.fastq.gz`));
