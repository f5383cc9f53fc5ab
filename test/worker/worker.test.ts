// The worker program as a whole, as a child process, against a platform that each case sets up.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JobLog } from '../../worker/log.ts';
import { logDatagram } from '../../worker/log-relay.ts';
import { type FakeRun, runFakeJob, workerToken } from './fake-platform.ts';

const texts = (run: FakeRun, level: string): string[] => run.log.filter((one) => one.l === level).map((one) => one.m);

describe('a bash job', () => {
  it('begins its log with the notes of the platform', async () => {
    const run = await runFakeJob({ code: 'main() { echo hello; }', notes: ['"rank" has no effect here: so it is'] });
    const lines = run.log.map(({ l, s, m }) => [l, s, m]);
    expect(lines).toContainEqual(['INFO', 'SYSTEM', '"rank" has no effect here: so it is']);
    expect(run.finish).toEqual({ output: {} });
  });

  it('runs its entry point with its inputs as variables and reports job_output.json', async () => {
    const run = await runFakeJob({
      code: 'main() { echo "$greeting|$n|$list|$h"; echo \'{"total": 3}\' > job_output.json; }',
      input: { greeting: "it's $HOME; `id`", n: 3, list: ['b c', 'a'], h: { k: [1] } },
    });
    expect(texts(run, 'STDOUT')).toEqual(['it\'s $HOME; `id`|3|b c|{"k":[1]}']);
    expect(run.finish).toEqual({ output: { total: 3 } });
    expect(run.exitCode).toBe(0);
  });

  it('leaves its files on the disk of its worker', async () => {
    const run = await runFakeJob({ code: 'main() { echo data > result.txt; mkdir out; echo more > out/file; }' });
    expect(run.finish).toEqual({ output: {} });
    expect([...run.paths].filter((path) => !path.startsWith('/_worker/')).sort()).toEqual(['/metadata/task']);
  });

  it('exports an input of any name except the names that the platform sets', async () => {
    const run = await runFakeJob({
      code: 'main() { echo "$constructor|$toString|$HOME"; }',
      input: { constructor: 'a', toString: 'b', HOME: '/elsewhere' },
    });
    expect(texts(run, 'STDOUT')).toEqual([expect.stringMatching(/^a\|b\|.*\/home\/dnanexus$/)]);
  });

  it('keeps the order of lines, long and unfinished ones included', async () => {
    const run = await runFakeJob({ code: 'main() { seq 1 500; printf %09000d 7; echo; printf end; }' });
    const lines = texts(run, 'STDOUT');
    expect(lines.slice(0, 500)).toEqual(Array.from({ length: 500 }, (_, index) => String(index + 1)));
    expect(lines[500]).toHaveLength(8000 + '... [truncated]'.length);
    expect(lines.at(-1)).toBe('end');
    expect(run.log.map((one) => one.n)).toEqual(run.log.map((_, index) => index + 1));
  });

  it('says so when the entry point is not a function, and succeeds', async () => {
    const run = await runFakeJob({ code: 'echo global', function: 'process' });
    expect(texts(run, 'STDERR').join()).toContain('Not invoking entry point function process because it was not found');
    expect(run.finish).toEqual({ output: {} });
  });

  it('treats the name of an entry point as a name, never as program text', async () => {
    const run = await runFakeJob({ code: '', function: 'main; echo broken' });
    expect(texts(run, 'STDOUT')).toEqual([]);
    expect(run.finish).toEqual({ output: {} });
  });

  it.each([
    ['an exit code', 'main() { exit 3; }', 'AppInternalError', 'exit code 3'],
    ['a failing command', 'main() { false; echo unreached; }', 'AppInternalError', 'exit code 1'],
    [
      'job_error.json',
      'main() { echo \'{"error":{"type":"AppError","message":"no reads"}}\' > job_error.json; exit 1; }',
      'AppError',
      'no reads',
    ],
    [
      'an invented error type',
      'main() { echo \'{"error":{"type":"Terminated","message":"x"}}\' > job_error.json; exit 1; }',
      'AppInternalError',
      'x',
    ],
    ['a signal', 'main() { kill -9 $BASHPID; }', 'AppInternalError', 'was ended by SIGKILL without'],
    ['output that is not JSON', 'main() { echo nonsense > job_output.json; }', 'OutputError', 'not a JSON object'],
  ])('fails by %s', async (_, code, type, message) => {
    const run = await runFakeJob({ code });
    expect(run.finish?.failure).toMatchObject({ type, message: expect.stringContaining(message) });
  });

  const fails = (error: string) => `main() { echo '${error}' > job_error.json; exit 1; }`;
  it.each([
    ['a link', 'main() { ln -s /etc/passwd job_output.json; }', 'OutputError', 'symbolic link'],
    ['an endless device', 'main() { ln -s /dev/zero job_output.json; }', 'OutputError', 'symbolic link'],
    ['a pipe', 'main() { mkfifo job_output.json; }', 'OutputError', 'not a regular file'],
    ['a folder', 'main() { mkdir job_output.json; }', 'OutputError', 'not a regular file'],
    ['a gigabyte', 'main() { truncate -s 1G job_output.json; }', 'OutputError', 'at most 4194304 are allowed'],
    [
      'endless nesting',
      `main() { python3 -c "print('{\\"a\\":' + '[' * 200000 + ']' * 200000 + '}')" > job_output.json; }`,
      'OutputError',
      'not a JSON object',
    ],
    ['a pipe for its error', 'main() { mkfifo job_error.json; exit 1; }', 'AppInternalError', 'not a regular file'],
    ['an error without text', fails('{"error":{"type":"AppError","message":{"toString":1}}}'), 'AppError', 'toString'],
    ['an error without a class', fails('{"error":{"type":"__proto__","message":"x"}}'), 'AppInternalError', 'x'],
    ['an error that is a list', fails('{"error":[1]}'), 'AppInternalError', 'exit code 1'],
    [
      'an endless message',
      'main() { printf \'{"error":{"type":"AppError","message":"%0300d"}}\' 7 > job_error.json; exit 1; }',
      'AppError',
      /^0{100}$/,
    ],
    ['null', fails('null'), 'AppInternalError', 'not a JSON object'],
  ])('fails soon, and with a reason, when its report is %s', async (_, code, type, message) => {
    const run = await runFakeJob({ code });
    expect(run.finish?.failure).toMatchObject({ type, message: expect.stringMatching(message) });
    expect(run.exitCode).toBe(0);
  });

  it('logs whatever arrives on the log sockets, and keeps running', () => {
    const lines: [string, string][] = [];
    const log = { line: (level: string, text: string) => void lines.push([level, text]) } as unknown as JobLog;
    for (const text of ['null', '[1]', '{"level":"constructor","msg":{"toString":1}}', '{"level":99}'])
      logDatagram(text, log);
    expect(lines).toEqual([
      ['INFO', 'null'],
      ['INFO', '[1]'],
      ['INFO', '{"toString":1}'],
      ['INFO', ''],
    ]);
  });

  it('does not see the worker’s nonce or credentials, and its token is not in a file', async () => {
    const run = await runFakeJob({
      code: `main() { env; cat environment; grep -rl '${workerToken.slice(-12)}' "$HOME" || echo clean; }`,
    });
    const output = texts(run, 'STDOUT').join('\n');
    expect(output).not.toContain('must-not-leak');
    expect(output).toContain('clean');
    expect(output.match(/secret-of-this-try/g)).toHaveLength(1);
    expect(output).toContain('ESPALIER_TASK_ID=task-of-this-worker');
  });
});

describe('processes that a job leaves behind', () => {
  const leave = (mark: string) => `setsid bash -c 'exec -a ${mark} sleep 600' >/dev/null 2>&1 & sleep 0.2`;
  const survivors = (mark: string) => commandLines().filter((line) => line.startsWith(mark));

  it.each([[true], [false]])(
    'are ended although they left its group, with namespaces where available: %s',
    async (namespaces) => {
      const mark = `leftover-${process.pid}-${Date.now()}`;
      const run = await runFakeJob({ code: `main() { ${leave(mark)}; }`, namespaces: namespaces ? undefined : false });
      expect(run.finish).toEqual({ output: {} });
      expect(survivors(mark)).toEqual([]);
    },
  );

  it.each([
    ['at once', {}],
    ['by a request first', { limits: { heartbeatSeconds: 0.1 }, stopAfterHeartbeats: 8 }],
  ])('are ended also when the job is ended %s', async (_, stops) => {
    const mark = `leftover-${process.pid}-${Date.now()}`;
    await runFakeJob({
      code: `main() { ${leave(mark)}; echo started; sleep 600; }`,
      onLine: (entry, _worker, closeLifeline) => entry.m === 'started' && !('limits' in stops) && closeLifeline(),
      ...stops,
    });
    expect(survivors(mark)).toEqual([]);
  });
});

describe('a pipe that is read slowly', () => {
  it('loses none of the lines, makes the job wait, and keeps the lease alive', async () => {
    let wasPrinted: boolean | undefined;
    const run = await runFakeJob({
      code: 'main() { seq 1 300000; echo done > printed; }',
      limits: { heartbeatSeconds: 0.1 },
      readAfterHeartbeats: 5,
      beforeReading: (home) => {
        wasPrinted = existsSync(join(home, 'printed'));
      },
    });
    expect(wasPrinted).toBe(false);
    expect(texts(run, 'STDOUT')).toEqual(Array.from({ length: 300_000 }, (_, index) => String(index + 1)));
    expect(run.log.at(-1)?.m).toBe('END_LOG');
    expect(run.finish).toEqual({ output: {} });
  });
});

describe('limits and stops', () => {
  it('ends a job that floods its log, and says why', async () => {
    const run = await runFakeJob({ code: 'main() { yes flood; }', limits: { logBytes: 20_000 } });
    expect(run.finish?.failure?.type).toBe('AppInsufficientResourceError');
    expect(run.finish?.failure?.message).toContain('20000 bytes to its log');
    expect(run.stdout.length).toBeLessThan(400_000);
  });

  it('ends when the platform says stop, and reports that reason', async () => {
    const run = await runFakeJob({
      code: 'main() { sleep 600; }',
      limits: { heartbeatSeconds: 0.1 },
      stopAfterHeartbeats: 2,
    });
    expect(run.finish?.failure?.type).toBe('Terminated');
  });

  it('ends at once and reports nothing when the platform dies', async () => {
    const run = await runFakeJob({
      code: 'main() { trap "" TERM; echo started; sleep 600 & wait; sleep 600; }',
      onLine: (entry, _, closeLifeline) => entry.m === 'started' && closeLifeline(),
    });
    expect(run.finish).toBeUndefined();
    expect(run.exitCode).toBe(0);
  });

  it.each<[string, readonly [number, unknown]]>([
    ['an error of the metadata endpoint', [500, { error: 'busy' }]],
    ['an error with an ARN in its body', [503, { TaskARN: 'arn:aws:ecs:us-east-1:000000000000:task/local/abc' }]],
    ['a task without an ARN', [200, {}]],
    ['an ARN that is not one', [200, { TaskARN: 'undefined' }]],
  ])('does not claim a job after %s, and ends as broken', async (_, metadata) => {
    const run = await runFakeJob({ code: 'echo never', metadata });
    expect(run).toMatchObject({ claims: 0, exitCode: 1, finish: undefined });
    expect(texts(run, 'ERROR').join()).toContain(`answered status ${metadata[0]} without the ARN of a task`);
  });

  it('has nothing to do when the job is claimed by another', async () => {
    const run = await runFakeJob({ code: 'echo never', claimStatus: 422 });
    expect(run).toMatchObject({ exitCode: 0, finish: undefined, log: [] });
  });
});

describe('preparation', () => {
  it.each([
    [{ interpreter: 'perl' }, 'runs bash and python3'],
    [{ execDepends: [{ name: 'no-such-package-espalier' }] }, 'no-such-package-espalier'],
    [{ execDepends: [{ name: 'x', package_manager: 'gem' }] }, 'asks for the gem package x'],
    [
      { execDepends: [{ name: '--index-url=x', package_manager: 'pip' }] },
      '"--index-url=x" is not the name of a package of pip',
    ],
    [
      { bundledDepends: [{ name: 'r.tar.gz', id: { $dnanexus_link: 'file-0123456789BFGJKPQVXYZb00' } }] },
      'bundled dependency',
    ],
  ])('fails as ExecutionError for %j, naming it', async (runSpec, message) => {
    const run = await runFakeJob({ code: '', runSpec });
    expect(run.finish?.failure).toMatchObject({ type: 'ExecutionError', message: expect.stringContaining(message) });
  });

  it('passes over dependencies of other entry points and those that are always there', async () => {
    const execDepends = [{ name: 'no-such-package-espalier', stages: ['other'] }, { name: 'jq' }, { name: 'bash' }];
    const run = await runFakeJob({ code: '', runSpec: { execDepends } });
    expect(run.finish).toEqual({ output: {} });
  });
});

function commandLines(): string[] {
  if (!existsSync('/proc')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
      } catch {
        return ''; // It ended during the look.
      }
    });
}
