// The program that starts jobs: how it reports their ends, what arrives of their output, and what it leaves behind.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JobLog } from '../../worker/log.ts';
import { starterOptions } from '../../worker/place.ts';
import { probeStarter } from '../../worker/starter/probe.ts';
import { createStarter, type Starter } from '../../worker/starter/starter.ts';
import { processesOf } from '../campaign/process-watch.ts';
import { namespaceRefusal, refusalFor } from './job-user.ts';

const path = process.env.PATH ?? '';
const taskId = `starter-under-test-${process.pid}`;
const options = starterOptions({ path, taskId });
const folder = mkdtempSync(join(tmpdir(), 'espalier-starter-'));

let starter: Starter;
let count = 0;
beforeAll(() => {
  starter = createStarter(options);
});
afterEach(() => expect(processesOf(`${taskId}-job`)).toEqual([]));
afterAll(async () => {
  await starter.close();
  expect(processesOf(taskId)).toEqual([]);
  rmSync(folder, { recursive: true });
});

it('asks what jobs get whatever another question, which is still open or was broken off, has left', () => {
  const place = mkdtempSync(join(folder, 'probe-'));
  for (const name of ['probe-1', 'probe-2']) mkdirSync(join(place, name));
  expect(probeStarter(options, place).why).not.toContain('does not run');
});

it('does not ask a system that is not Linux, where the program that starts jobs does not run', () => {
  expect(probeStarter(options, folder, 'darwin')).toEqual({ why: 'only Linux gives one', namespaces: false });
});

type Settings = { readonly isKept?: boolean; readonly onOutput?: () => void };

/** Starts a bash program in a root of its own, or in the machine's. `printed` fills while it runs. */
function start(hasRoot: boolean, program: string, { isKept = false, onOutput = () => undefined }: Settings = {}) {
  const root = join(folder, `job-${++count}`);
  mkdirSync(join(root, 'home/dnanexus'), { recursive: true });
  const printed = { STDOUT: '', STDERR: '', lines: [] as string[] };
  const log = {
    line: (level: string, text: string) => void printed.lines.push(`${level} ${text}`),
    consumer: (level: 'STDOUT' | 'STDERR') => ({
      write(chunk: Buffer) {
        printed[level] += chunk.toString('latin1');
        onOutput();
      },
      end: () => void printed.lines.push(`end of ${level}`),
    }),
  } as unknown as JobLog;
  const job = starter.start({
    command: ['bash', '-c', program],
    home: hasRoot ? '/home/dnanexus' : join(root, 'home/dnanexus'),
    variables: { PATH: path, ESPALIER_TASK_ID: `${taskId}-job`, NAME: 'välue\n2' },
    ...{ folder: root, hasRoot, shown: [], layers: [], cores: 64 },
    keeper: isKept ? { ESPALIER_TASK_ID: `${taskId}-job` } : undefined,
    log,
    output: { hold: () => undefined },
  });
  return { job, printed, root };
}

async function run(hasRoot: boolean, program: string) {
  const { job, printed, root } = start(hasRoot, program);
  const end = await job.ended;
  await job.close();
  return { end, root, ...printed };
}

const kinds = [
  { kind: 'in a root of its own', hasRoot: true, refusal: refusalFor(undefined, folder) },
  { kind: 'in the root of the machine', hasRoot: false, refusal: namespaceRefusal() },
];
describe.each(kinds)('a job $kind', ({ hasRoot, refusal }) => {
  describe.skipIf(refusal)(refusal ? `is not possible here: ${refusal}` : 'works', () => {
    it.each([
      ['exit 0', { code: 0, signal: null }],
      ['exit 7', { code: 7, signal: null }],
      ['kill -9 $$', { code: null, signal: 'SIGKILL' }],
      ['kill -SEGV $$', { code: null, signal: 'SIGSEGV' }],
      ['ulimit -c 0; kill -ABRT $$', { code: null, signal: 'SIGABRT' }],
      ['exit 137', { code: 137, signal: null }],
    ])('that runs "%s" ends as it did', async (program, end) => {
      expect(await run(hasRoot, program)).toMatchObject({ end });
    });

    it('that cannot be started says why', async () => {
      const { job } = start(hasRoot, '');
      await job.ended;
      const missing = starter.start({
        command: ['no-such-program-espalier'],
        home: '/',
        variables: { PATH: path },
        ...{ folder, hasRoot: false, shown: [], layers: [], cores: 64 },
        keeper: undefined,
        log: { line: () => undefined, consumer: () => ({ write: () => undefined, end: () => undefined }) },
        output: { hold: () => undefined },
      });
      await expect(missing.ended).rejects.toThrow('no-such-program-espalier is not on the PATH');
      expect((await run(hasRoot, 'echo next')).STDOUT).toBe('next\n');
    });

    it('gets exactly the variables and the folder that it is given, and nothing to read', async () => {
      const program =
        'unset SHLVL OLDPWD PWD; env -0 | grep -zv ^_= | sort -z | tr "\\0" "|"; pwd; cat; ls /proc/self/fd';
      const { STDOUT, root } = await run(hasRoot, program);
      const printed = Buffer.from(STDOUT, 'latin1').toString();
      expect(printed).toBe(
        `ESPALIER_TASK_ID=${taskId}-job|NAME=välue\n2|PATH=${path}|${hasRoot ? '' : root}/home/dnanexus\n0\n1\n2\n3\n`,
      );
    });

    it('prints both streams apart, byte for byte, and each has its end', async () => {
      const bytes = 'for i in {0..255}; do printf "\\\\x$(printf %x $i)"; done';
      const program = `${bytes}; ${bytes} >&2; printf x | tee /dev/stderr >/dev/null; echo y > /dev/stdout`;
      const { STDOUT, STDERR, lines } = await run(hasRoot, program);
      const all = String.fromCharCode(...Array.from({ length: 256 }, (_, index) => index));
      expect([STDOUT, STDERR]).toEqual([`${all}y\n`, `${all}x`]);
      expect(lines.sort()).toEqual(['end of STDERR', 'end of STDOUT']);
    });

    it('loses nothing of a long output, and none of it arrives as that of another job', async () => {
      const jobs = [];
      for (const mark of ['a', 'b', 'c'])
        jobs.push(await run(hasRoot, `yes ${mark} | head -n 200000; echo ${mark} >&2`));
      expect(jobs.map(({ STDOUT, STDERR }) => [STDOUT.length, new Set(STDOUT.split('\n')).size, STDERR])).toEqual(
        ['a', 'b', 'c'].map((mark) => [400_000, 2, `${mark}\n`]),
      );
    });

    it('leaves no process behind, not even one that left its group and holds the output open', async () => {
      const { end, STDOUT } = await run(
        hasRoot,
        '(setsid bash -c "trap \\"\\" TERM HUP; sleep 600") & echo $!; exit 4',
      );
      expect(end).toEqual({ code: 4, signal: null });
      expect(STDOUT).toMatch(/^\d+\n$/);
    });

    it('sees only its own processes', async () => {
      const { STDOUT } = await run(hasRoot, 'ls /proc | grep -c "^[0-9]"');
      expect(Number(STDOUT)).toBeLessThan(6);
    });

    it('whose processes lose their parents keeps none of them when they have ended', async () => {
      const program = '(true & true &); (sleep 0.1 &); sleep 0.3; grep -l "^State:[[:space:]]Z" /proc/[0-9]*/status';
      expect(await run(hasRoot, program)).toMatchObject({ end: { code: 1 }, STDOUT: '' });
    });

    it('can answer a request to stop', async () => {
      const up = Promise.withResolvers<void>();
      const { job, printed } = start(hasRoot, 'trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.05; done', {
        onOutput: () => up.resolve(),
      });
      await up.promise;
      job.stop({ atOnce: false });
      expect(await job.ended).toEqual({ code: 5, signal: null });
      expect(printed.STDOUT).toBe('up\nbye\n');
    });

    it.each([[false], [true]])('that ignores a request to stop is killed (at once: %s)', async (atOnce) => {
      const up = Promise.withResolvers<void>();
      const { job } = start(hasRoot, 'trap "" TERM; echo up; sleep 600', { onOutput: () => up.resolve() });
      await up.promise;
      const began = Date.now();
      job.stop({ atOnce });
      expect(await job.ended).toEqual({ code: null, signal: 'SIGKILL' });
      expect(Date.now() - began > 4900).toBe(!atOnce);
    });

    it('that is kept stays after its end, with what it left behind, until it is closed', async () => {
      const { job, printed } = start(hasRoot, 'sleep 600 & echo left; exit 3', { isKept: true });
      expect(await job.ended).toEqual({ code: 3, signal: null });
      expect(job.isThere()).toBe(true);
      expect(processesOf(`${taskId}-job`).length).toBeGreaterThan(0);
      await job.close();
      expect(job.isThere()).toBe(false);
      expect(printed).toMatchObject({ STDOUT: 'left\n' });
    });

    it('finds the log sockets, and every line of them is there when it has ended', async () => {
      const sender = `import socket, json
for name in ('priority', 'bulk'):
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.connect('/opt/dnanexus/log/' + name)
    for index in range(500):
        sender.send(json.dumps({'source': 'DX_APP', 'level': 6, 'msg': '%s %d' % (name, index)}).encode())
`;
      const { lines, end, STDERR } = await run(hasRoot, `python3 -I -S -c "${sender.replaceAll('"', '\\"')}"`);
      expect({ end, STDERR }).toEqual({ end: { code: 0, signal: null }, STDERR: '' });
      for (const name of ['priority', 'bulk'])
        expect(lines.filter((line) => line.startsWith(`INFO ${name}`))).toHaveLength(500);
    });
  });
});

const some = kinds.find(({ refusal }) => refusal === undefined);
describe.skipIf(!some)(some ? 'the program' : 'the program is not possible here', () => {
  const hasRoot = some?.hasRoot === true;

  it.each([
    ['first', 0],
    ['last', -1],
  ])('is started again by the next job if its %s process died, and the job that it ran is lost', async (_, index) => {
    const { job } = start(hasRoot, 'sleep 600');
    await expect.poll(() => processesOf(`${taskId}-job`).length).toBeGreaterThan(0);
    const pids = processesOf(taskId).map(({ pid }) => pid);
    process.kill(pids.filter((pid) => commandOf(pid).includes('starter.py')).at(index) ?? 0, 'SIGKILL');
    expect(await job.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await expect.poll(() => processesOf(`${taskId}-job`)).toEqual([]);
    expect((await run(hasRoot, 'echo again')).STDOUT).toBe('again\n');
  });

  it('ends what runs when it is closed, and leaves no folder of the kernel', async () => {
    const own = createStarter(options);
    const root = join(folder, 'closed');
    mkdirSync(join(root, 'home/dnanexus'), { recursive: true });
    const job = own.start({
      command: ['sleep', '600'],
      home: hasRoot ? '/home/dnanexus' : root,
      variables: { PATH: path, ESPALIER_TASK_ID: `${taskId}-job` },
      ...{ folder: root, hasRoot, shown: [], layers: [], cores: 64 },
      keeper: undefined,
      log: { line: () => undefined, consumer: () => ({ write: () => undefined, end: () => undefined }) },
      output: { hold: () => undefined },
    });
    await expect.poll(() => processesOf(`${taskId}-job`).length).toBeGreaterThan(0);
    await own.close();
    expect(await job.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(existsSync(`${root}.work`)).toBe(false);
  });
});

function commandOf(pid: number): string {
  return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
}

it('ends quietly when it is closed before its first job', async () => {
  for (let round = 0; round < 5; round++) await createStarter(options).close();
});
