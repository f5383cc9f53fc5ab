// Tests `espalier demo` as a user types it: the tree of jobs on the real reads, its figures against a count made here,
// and that it leaves nothing behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { processesOf } from '../campaign/process-watch.ts';
import { execute, runtimeFlags } from './session.ts';

const demoLimitMs = 180_000;
const outputLimitMs = 5_000;
const reads = ['ERR127302_1_subset.fastq.gz', 'ERR127302_2_subset.fastq.gz'];

let temporary: string;
beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'espalier-demo-test-'));
});
afterEach(() => {
  for (const { pid } of processesOf(temporary)) process.kill(pid, 'SIGKILL');
  rmSync(temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
type Demo = { readonly process: ChildProcess; readonly ended: Promise<Ended>; prints(text: string): Promise<void> };

function givenDemo(environment: Readonly<Record<string, string>> = {}, flags = runtimeFlags): Demo {
  const child = spawn('node', [resolve('cli/espalier.ts'), 'demo', ...flags], {
    env: { ...process.env, TMPDIR: temporary, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const printed = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      printed[stream] += text;
    });
  }
  const ended = new Promise<Ended>((done) => {
    child.once('close', (code) => done({ code, ...printed }));
    // A process that wrongly outlives the demo may hold its output open for ever.
    child.once('exit', (code) => setTimeout(() => done({ code, ...printed }), outputLimitMs));
  });
  const fail = ({ code, stdout, stderr }: Ended): never => {
    throw new Error(`the demo ended with ${code} too soon:\n${stdout}${stderr}`);
  };
  const prints = async (text: string) => {
    while (!printed.stdout.includes(text)) await Promise.race([once(child.stdout, 'data'), ended.then(fail)]);
  };
  return { process: child, ended, prints };
}

/** Counts the letters of all reads at once, unlike the applet, which adds up parts. */
function truthOf(name: string) {
  const lines = gunzipSync(readFileSync(join('examples/data/reads', name)))
    .toString('latin1')
    .trimEnd()
    .split('\n');
  const every = (offset: number) => lines.filter((_, index) => index % 4 === offset);
  const letters = every(1).join('');
  const qualities = every(3).map((quality) => [...quality].map((letter) => letter.charCodeAt(0) - 33));
  const mean = (numbers: readonly number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
  return {
    reads: lines.length / 4,
    bases: letters.length,
    gc: (100 * (letters.match(/[GC]/g) ?? []).length) / letters.length,
    quality: mean(qualities.flat()),
    curve: (qualities[0] ?? []).map((_, position) => mean(qualities.map((one) => one[position] as number))),
  };
}

/** The figures, given with two decimals, that differ from the true ones. */
function apart(given: readonly (number | undefined)[], truth: readonly number[]): string[] {
  const pairs = Array.from(
    { length: Math.max(given.length, truth.length) },
    (_, at) => [given[at], truth[at]] as const,
  );
  return pairs.filter(([one = Number.NaN, other = 0]) => !(Math.abs(one - other) < 0.0051)).map(String);
}

it('the demo shows the tree, true figures, the table and the plot, and leaves no process behind', {
  timeout: demoLimitMs,
}, async () => {
  const { code, stdout, stderr } = await givenDemo().ended;
  expect(code, stderr).toBe(0);
  const tree = stdout.slice(stdout.indexOf('$ dx find executions'));
  expect(tree).toMatch(/^\* FASTQ statistics \(fastq-stats:main\) \(done\) job-/m);
  for (const name of reads) {
    for (const part of [1, 2]) expect(tree).toContain(`count ${name}, part ${part} (fastq-stats:process) (done)`);
  }
  expect(tree.match(/add up \(fastq-stats:gather\) \(done\)/g)).toHaveLength(1);
  expect(tree.match(/\(done\) job-/g)).toHaveLength(6);

  const screen = stdout.split('\n');
  expect(screen.length).toBeLessThanOrEqual(45);
  expect(screen.filter((line) => line.length > 140 && !line.startsWith('$ ') && !line.startsWith('▸ '))).toEqual([]);

  const results = resolve(/The plot: +(\S+)\/quality\.svg$/m.exec(stdout)?.[1] ?? '/');
  expect(readdirSync(results).sort()).toEqual(['quality.svg', 'quality.tsv', 'summary.json']);
  const summary = readFileSync(join(results, 'summary.json'), 'utf8');
  const files = Object.values(JSON.parse(summary).files) as Record<string, number>[];
  const rows = readFileSync(join(results, 'quality.tsv'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((row) => row.split('\t'));
  expect(files).toHaveLength(reads.length);
  for (const [index, name] of reads.entries()) {
    const truth = truthOf(name);
    expect([files[index]?.reads, truth.reads]).toEqual([20_000, 20_000]);
    expect(files[index]?.bases).toBe(truth.bases);
    expect(stdout).toContain(`${name}: 20000 reads, ${truth.bases} bases, GC ${files[index]?.gc_percent} %`);
    expect(apart([files[index]?.gc_percent, files[index]?.mean_quality], [truth.gc, truth.quality])).toEqual([]);
    expect(rows[0]?.[index + 1]).toContain(name);
    expect(truth.curve).toHaveLength(72);
    expect(
      apart(
        rows.slice(1).map((row) => Number(row[index + 1])),
        truth.curve,
      ),
    ).toEqual([]);
  }

  const program = `import xml.dom.minidom; print(len(xml.dom.minidom.parse('quality.svg').getElementsByTagName('polyline')))`;
  const parsed = await execute('python3', ['-c', program], { cwd: results, env: process.env });
  expect([parsed.stdout.trim(), parsed.stderr]).toEqual(['2', '']);
  expect(processesOf(temporary)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([basename(results)]);
});

it('a demo that is terminated in the middle leaves nothing behind', { timeout: demoLimitMs }, async () => {
  const demo = givenDemo();
  await demo.prints('$ dx run');
  demo.process.kill('SIGTERM');
  const { code, stderr } = await demo.ended;
  expect(code).toBe(143);
  expect(stderr).toContain('espalier: The demo ended early');
  expect(stderr).not.toMatch(/^ +at /m);
  expect(processesOf(temporary)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});

it('a demo that fails says why in one sentence, and leaves nothing behind', { timeout: demoLimitMs }, async () => {
  const { code, stderr } = await givenDemo({ AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, ['--as-deployed']).ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/^espalier: The demo ended early.*the platform ended with exit code 1\.$/m);
  expect(stderr).not.toMatch(/^ +at /m);
  expect(processesOf(temporary)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
});
