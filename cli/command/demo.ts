// `espalier demo`: runs the main job on real sequencing reads, step by step, with the real dx client on a temporary
// platform. It leaves the results but no process behind, also when it fails or is interrupted. Every step is a command
// that a user could type.

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { platformFlags } from '../../machine/node-flag.ts';
import { isCheckout, packageRoot, programFile } from '../../machine/program-file.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { CommandLine } from '../command.ts';
import { askSoon } from '../desk.ts';
import { endingSignals, exitStatus } from '../ending.ts';
import { say as notice } from '../notice.ts';
import { sessionVariables } from './env.ts';

/**
 * Returns the exit status: 0 when the tree of jobs is done and its results are downloaded, 128 and more after a signal.
 */
export async function demo({ flags }: CommandLine): Promise<number> {
  if (!isCheckout) throw new StartRefusal('The demo needs a checkout of Espalier, for its examples and data.');
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
    process.stdout.write(`ready ${await ready(platform, given.signal)}\n`);
    await walk(await client({ data, results, bin, signal: given.signal }), results);
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
  return reason instanceof Interruption ? exitStatus(null, reason.signal) : 1;
}

/** Starts the platform in a group of its own, so that Ctrl-C reaches it only through the demo and it ends in order. */
function startOn(data: string, flags: readonly string[]): ChildProcess {
  const parameters = [...platformFlags, programFile('espalier'), 'start', '--port', '0', '--data', data, ...flags];
  return spawn(process.execPath, parameters, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
}

/** Runs `dx`, and returns its standard output. */
type Dx = (args: readonly string[], show?: (line: string) => string) => Promise<string>;

/** Commands that do not need each other run at the same time, because most of the time of a `dx` is its own start. */
async function walk(dx: Dx, results: string): Promise<void> {
  say('Upload 20,000 pairs of real reads (human RNA-seq, ERR127302), and build the applet');
  const upload = ['upload', ...reads, '--wait', '--brief'];
  const build = ['build', join(packageRoot, 'examples/fastq-stats')];
  const [uploaded, built] = await Promise.all([dx(upload), dx(build)]);
  process.stdout.write(`${typed(upload)}\n${uploaded}${typed(build)}\n${built}`);
  say('Run it: it splits the reads, counts each part in a job of its own, and adds the counts up');
  const inputs = reads.map((file) => `-ireads=${basename(file)}`);
  const run = ['run', 'fastq-stats', ...inputs, `-ireads_per_part=${readsPerPart}`, '-y', '--brief', '--watch'];
  process.stdout.write(`${typed(run)} | cut -c -${shownWidth}\n`);
  const log = await dx(run, (line) => line.slice(0, shownWidth));
  const job = /job-\w{24}/.exec(log)?.[0] ?? '';
  say('The tree of jobs, and the results');
  const find = ['find', 'executions', '--origin', job];
  const download = ['download', 'summary.json', 'quality.tsv', 'quality.svg', '-o', results];
  const [found] = await Promise.all([dx(find), dx(download)]);
  const tree = found.split('\n').filter((line) => line.includes('job-'));
  process.stdout.write(
    `${typed(find)} | grep job-\n${tree.join('\n')}\n${typed(download)}\n${readSummary(join(results, 'summary.json'))}`,
  );
  process.stdout.write(`The plot:  ${join(results, 'quality.svg')}\nThe table: ${join(results, 'quality.tsv')}\n`);
}

/** The command as a user types it in the checkout. */
function typed(args: readonly string[]): string {
  return `$ dx ${args.map((one) => one.replace(`${packageRoot}/`, '')).join(' ')}`;
}

/** One line for each input file. */
function readSummary(file: string): string {
  const { files } = JSON.parse(readFileSync(file, 'utf8')) as { files: Record<string, Record<string, number>> };
  const lines = Object.entries(files).map(
    ([name, one]) =>
      `${name}: ${one.reads} reads, ${one.bases} bases, GC ${one.gc_percent} %, mean quality ${one.mean_quality}\n`,
  );
  return lines.join('');
}

type Setting = {
  readonly data: string;
  readonly results: string;
  readonly bin: string;
  /** Ends the commands that are running. */
  readonly signal: AbortSignal;
};

async function client({ data, results, bin, signal }: Setting): Promise<Dx> {
  const line = { options: { data }, flags: new Set<string>(), words: [], rest: [] };
  const session = await askSoon(line, { action: 'issueToken' });
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    DX_USER_CONF_DIR: join(data, 'demo-home'),
    // The client then prints each line at once, also into a pipe.
    PYTHONUNBUFFERED: '1',
    ...sessionVariables(session),
  };
  return (args, show) => run(join(bin, 'dx'), args, { env, cwd: results, signal }, show);
}

function run(
  program: string,
  args: readonly string[],
  options: SpawnOptions,
  show?: (line: string) => string,
): Promise<string> {
  return new Promise((done, fail) => {
    // The client's standard error stays the terminal's, so that its progress bars are shown.
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      output += `${line}\n`;
      if (show !== undefined) process.stdout.write(`${show(line)}\n`);
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done(output);
      else fail(new StepFailure(`"${basename(program)} ${args.join(' ')}" ended with exit code ${code}`));
    });
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
/** Two parts of each file, so that the tree fits on a screen. */
const readsPerPart = 10_000;
const shownWidth = 110;
const reads = [1, 2].map((end) => join(packageRoot, 'examples/data/reads', `ERR127302_${end}_subset.fastq.gz`));
