// The worker of a job that is held after its failure: what it keeps, how it is entered, and that nothing remains.

import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canUnshare } from '../../worker/confinement.ts';
import { enterProgram } from '../../worker/enter.ts';
import { processesOf } from '../campaign/process-watch.ts';
import { type FakeRun, identity, runFakeJob, workerTask, workerToken } from './fake-platform.ts';
import { ordinaryUser, refusalFor, skipFor } from './job-user.ts';

const failing = (type: string) => `echo '{"error":{"type":"${type}","message":"no reads"}}' > job_error.json; exit 1`;
const notices = (run: FakeRun): string[] => run.log.filter((one) => one.l === 'NOTICE').map((one) => one.m);

/** Enters the job of the worker under test, as `espalier enter` does. */
function enter(...command: string[]) {
  const args = ['-c', enterProgram, 'bash', workerTask, ...command];
  const { status, stdout, stderr } = spawnSync('bash', args, {
    env: { PATH: process.env.PATH ?? '', SECRET_OF_THE_CALLER: 'x', TERM: 'dumb' },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

type Options = Partial<Parameters<typeof runFakeJob>[0]>;

/** Runs a job that is held, does something with it, and lets the platform end the hold. */
async function runHeld<T>(options: Options & { readonly code: string }, look: () => T) {
  let found: T | undefined;
  const run = await runFakeJob({
    debugOn: ['AppError', 'AppInternalError', 'ExecutionError', 'AppInsufficientResourceError'],
    isHeld: true,
    ...options,
    limits: { heartbeatSeconds: 0.1, ...options.limits },
    stopWhen: () => found !== undefined,
    onLine: ({ m }) => {
      if (m.startsWith('To end the hold')) found = look();
    },
  });
  return { run, found };
}

describe.each([true, false])('a held job (namespaces: %s)', (wanted) => {
  const namespaces = wanted && canUnshare();

  it('can be entered: a shell sees its folder, its processes and its variables', async () => {
    const mark = `held-${process.pid}-${Date.now()}`;
    const code = `main() {
      echo kept > note; printf secret > "$TMPDIR/scratch"
      setsid bash -c 'exec -a ${mark} sleep 600' >/dev/null 2>&1 &
      sleep 0.2; ${failing('AppError')}; }`;
    const script = `cat note "$TMPDIR/scratch"; echo "|$DX_JOB_ID|$DX_WORKSPACE_ID|$DX_SECURITY_CONTEXT|$PWD|$SECRET_OF_THE_CALLER|$ESPALIER_KEEPER"
      grep -c . /proc/[0-9]*/cmdline >/dev/null; cat /proc/[0-9]*/cmdline | tr '\\0' ' '`;
    const { run, found } = await runHeld({ code, namespaces }, () => enter('bash', '-c', script));
    expect(found).toMatchObject({ status: 0 });
    const [seen = '', ...processes] = found?.stdout.split('\n').slice(1) ?? [];
    expect(found?.stdout.split('\n')[0]).toBe('kept');
    expect(seen).toMatch(/^secret\|job-[0-9A-Za-z]{24}\|container-[0-9A-Za-z]{24}\|.*\/home\/dnanexus\|\|$/);
    expect(seen).toContain(workerToken);
    expect(processes.join()).toContain(mark);
    expect(notices(run)).toEqual([
      'The job failed with AppError: no reads',
      'Its run asks to debug that. The job is held, with its folder, until 2001-09-09T01:46:40.000Z',
      expect.stringMatching(/^To enter it: espalier enter job-/),
      expect.stringMatching(/^To end the hold earlier: dx api job-\w+ release .* dx terminate job-/),
      'The hold is over',
    ]);
    expect(run).toMatchObject({ exitCode: 0, reports: 2, finish: { failure: { type: 'AppError' } } });
    expect(run.log.at(-1)?.m).toBe('END_LOG');
    expect(processesOf(mark)).toEqual([]);
    expect(processesOf(workerTask)).toEqual([]);
  });

  it('of which no process is left is entered all the same', async () => {
    const { run, found } = await runHeld({ code: 'main() { kill -9 $BASHPID; }', namespaces }, () => enter('pwd'));
    expect(found?.stdout).toMatch(/\/home\/dnanexus\n$/);
    expect(run.finish).toMatchObject({ failure: { type: 'AppInternalError' } });
  });

  it('that could not be prepared is entered in the place where its code would have run', async () => {
    const runSpec = { execDepends: [{ name: 'no-such-gem', package_manager: 'gem' }] };
    const { run, found } = await runHeld({ code: 'main() { :; }', runSpec, namespaces }, () => enter('ls'));
    expect(found?.stdout).toContain('job_input.json');
    expect(run.finish).toMatchObject({ failure: { type: 'ExecutionError' } });
  });

  it('that was stopped for the size of its log is held, too', async () => {
    const code = 'main() { trap "echo kept > note; exit 1" TERM; yes & wait; }';
    const limits = { logBytes: 20_000 };
    const { run, found } = await runHeld({ code, namespaces, limits }, () => enter('cat', 'note'));
    expect(found?.stdout).toBe('kept\n');
    expect(run.finish).toMatchObject({ failure: { type: 'AppInsufficientResourceError' } });
  });

  it('ends at once when the platform dies', async () => {
    const mark = `held-${process.pid}-${Date.now()}`;
    const code = `main() { setsid bash -c 'exec -a ${mark} sleep 600' >/dev/null 2>&1 & ${failing('AppError')}; }`;
    const run = await runFakeJob({
      ...{ code, namespaces, debugOn: ['AppError'], isHeld: true },
      onLine: ({ m }, _worker, closeLifeline) => void (m.startsWith('To enter') && closeLifeline()),
    });
    expect(run).toMatchObject({ exitCode: 0, reports: 1 });
    expect(processesOf(mark)).toEqual([]);
  });

  it('that may not be held after all leaves nothing behind, and reports once', async () => {
    const mark = `held-${process.pid}-${Date.now()}`;
    const code = `main() { setsid bash -c 'exec -a ${mark} sleep 600' >/dev/null 2>&1 & ${failing('AppError')}; }`;
    const run = await runFakeJob({ code, namespaces, debugOn: ['AppError'] });
    expect(run).toMatchObject({ exitCode: 0, reports: 1, finish: { failure: { message: 'no reads' } } });
    expect(run.log.at(-1)?.m).toBe('END_LOG');
    expect(processesOf(mark)).toEqual([]);
  });

  it('with an output leaves nothing behind either, and its exit code is that of its code', async () => {
    const code = `main() { sleep 600 >/dev/null 2>&1 & echo '{"n":1}' > job_output.json; }`;
    const run = await runFakeJob({ code, namespaces, debugOn: ['AppError'], isHeld: true });
    expect(run).toMatchObject({ exitCode: 0, reports: 1, finish: { output: { n: 1 } } });
    expect(notices(run)).toEqual([]);
  });
});

it('a held job of an ordinary user can be entered by that user, in its own file tree', async (test) => {
  const open = mkdtempSync(join(tmpdir(), 'espalier-hold-'));
  chmodSync(open, 0o777);
  const refusal = refusalFor(ordinaryUser, open);
  rmSync(open, { recursive: true });
  skipFor(refusal, test);
  const asUser = (command: string) =>
    spawnSync(
      'setpriv',
      [...identity(ordinaryUser), 'bash', '-c', enterProgram, 'bash', workerTask, 'bash', '-c', command],
      {
        env: { PATH: process.env.PATH ?? '' },
        encoding: 'utf8',
      },
    );
  const code = `main() { echo kept > /home/dnanexus/note; echo there > /opt/note; ${failing('AppError')}; }`;
  const { run, found } = await runHeld({ code, user: ordinaryUser }, () => asUser('pwd; cat note /opt/note; id -u'));
  expect(run.log.filter(({ m }) => m.includes('no file tree of its own'))).toEqual([]);
  expect(found).toMatchObject({ status: 0, stdout: `/home/dnanexus\nkept\nthere\n${ordinaryUser}\n` });
});

it('a job that is not held is not found by the program that enters', () => {
  expect(enter('true')).toMatchObject({ status: 1, stderr: expect.stringContaining('No process of the held job') });
});
