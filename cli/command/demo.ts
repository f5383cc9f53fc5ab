// `espalier demo`: the main job on real sequencing reads, step by step, with the real dx client on a temporary platform.
// It leaves the results and nothing running. Everything goes through commands that a user could type.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { preparePythonEnvironment } from '../../local/python-environment.ts';

const START_LIMIT_MS = 180_000;
const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const reads = [1, 2].map((end) => join(checkout, 'examples/data/reads', `ERR127302_${end}_subset.fastq.gz`));

/** The exit status: 0 when the tree of jobs is done and its results are downloaded. */
export async function demo(): Promise<number> {
  const data = mkdtempSync(join(tmpdir(), 'espalier-demo-'));
  const results = mkdtempSync(join(tmpdir(), 'espalier-demo-results-'));
  say(`A platform of its own, for this demo only (data in ${data})`);
  const { bin } = await preparePythonEnvironment();
  const platform = spawn(
    process.execPath,
    [join(checkout, 'cli/espalier.ts'), 'start', '--port', '0', '--data', data],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    say(`ready at ${await ready(platform)}`);
    const dx = await client(data, results, bin);
    await walk(dx, results);
    say(`The plot:    ${join(results, 'quality.svg')}`);
    say(`The table:   ${join(results, 'quality.tsv')}`);
    return 0;
  } finally {
    await end(platform);
    rmSync(data, { recursive: true, force: true });
  }
}

type Dx = (args: readonly string[], quiet?: 'quiet') => Promise<string>;

async function walk(dx: Dx, results: string): Promise<void> {
  say('Upload 20,000 pairs of real reads (human RNA-seq, ERR127302)');
  for (const file of reads) await dx(['upload', file, '--wait', '--brief']);
  say('Build the applet in examples/fastq-stats');
  await dx(['build', join(checkout, 'examples/fastq-stats')]);
  say('Run it: it splits the reads, counts each part in a job of its own, and adds up. The log is live');
  const inputs = reads.map((file) => `-ireads=${file.split('/').at(-1)}`);
  const job = (await dx(['run', 'fastq-stats', ...inputs, '-y', '--brief'])).trim();
  await dx(['watch', job, '--tree', '--quiet']);
  say('The tree of jobs, with states and times');
  await dx(['find', 'executions', '--origin', job]);
  say('The results');
  await dx(['download', 'summary.json', 'quality.tsv', 'quality.svg', '-o', results], 'quiet');
  process.stdout.write(readFileSync(join(results, 'summary.json'), 'utf8'));
}

/** Runs `dx`, showing the command and what it prints, and gives its standard output. */
async function client(data: string, results: string, bin: string): Promise<Dx> {
  const home = join(data, 'demo-home');
  const exports = await run(process.execPath, [join(checkout, 'cli/espalier.ts'), 'env', '--data', data], process.env);
  const environment = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    DX_USER_CONF_DIR: home,
    ...Object.fromEntries(parseExports(exports)),
  };
  return async (args, quiet) => {
    if (!quiet) process.stdout.write(`$ dx ${args.map((one) => one.replace(`${checkout}/`, '')).join(' ')}\n`);
    return run(join(bin, 'dx'), args, environment, results, quiet === undefined);
  };
}

function run(
  program: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  folder?: string,
  show = false,
): Promise<string> {
  return new Promise((done, fail) => {
    // The client's standard error stays the terminal's, so that its progress bars show.
    const child = spawn(program, args, { env: environment, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (show) process.stdout.write(chunk);
    });
    child.once('error', fail);
    child.once('close', (code) => {
      if (code === 0) done(output);
      else fail(new Error(`${program.split('/').at(-1)} ${args.join(' ')} ended with exit code ${code}`));
    });
  });
}

/** `export NAME='value'` lines, as `espalier env` prints them for a shell. */
function parseExports(lines: string): [string, string][] {
  return lines.split('\n').flatMap((line) => {
    const match = /^export (\w+)=(.*)$/.exec(line);
    if (!match) return [];
    const quoted = /^'(.*)'$/.exec(match[2] ?? '');
    return [[match[1] ?? '', quoted ? (quoted[1] ?? '').replaceAll(`'\\''`, `'`) : (match[2] ?? '')]];
  });
}

function ready(platform: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error('the platform did not become ready')), START_LIMIT_MS);
    platform.once('exit', (code) => fail(new Error(`the platform ended with exit code ${code} before it was ready`)));
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
  await ended;
}

function say(text: string): void {
  process.stdout.write(`\n▸ ${text}\n`);
}
