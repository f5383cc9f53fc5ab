// Tests functions as threads: answers, crashes, limits, asynchronous events.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLambda, type FunctionDefinition, type Lambda } from '../../emulation/cloud/lambda/lambda.ts';
import { openDatabase } from '../../emulation/cloud/wire/transaction.ts';
import { eventually, givenTemporaryFolder } from '../machine/temporary-folder.ts';

const folder = givenTemporaryFolder();
const open: Lambda[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((lambda) => lambda.close()));
});

function givenFunction(settings: Partial<FunctionDefinition> = {}, databaseName = 'lambda.sqlite') {
  const lines: string[] = [];
  const lambda = createLambda({
    database: openDatabase(join(folder, databaseName)),
    now: Date.now,
    onLogLine: (_group, _stream, line) => lines.push(line),
  });
  open.push(lambda);
  lambda.createFunction({
    name: 'echo',
    file: join(import.meta.dirname, 'fixture', 'echo.mjs'),
    handler: 'handler',
    timeoutMs: 400,
    memoryMb: 128,
    environment: { OWN: 'yes' },
    logGroup: '/test',
    ...settings,
  });
  const invoke = async (event: object) => lambda.invoke('echo', JSON.stringify(event));
  return { lambda, invoke, lines };
}

const answerOf = (result: object) => JSON.parse((result as { payload: string }).payload) as Record<string, unknown>;

describe('a function', () => {
  it('answers, sees only its own environment, and knows its remaining time', async () => {
    const { invoke } = givenFunction();
    const answer = answerOf(await invoke({ a: 1 }));
    expect(answer).toMatchObject({ event: { a: 1 }, name: 'echo', environment: { OWN: 'yes' } });
    expect(answer.environment).not.toHaveProperty('PATH');
    expect(answer.remainingMs).toBeLessThanOrEqual(400);
  });

  it('that throws returns the error to its caller, and continues to serve', async () => {
    const { invoke } = givenFunction();
    expect(await invoke({ throw: 'no' })).toMatchObject({ error: { errorType: 'TypeError', errorMessage: 'no' } });
    expect(answerOf(await invoke({})).invocationCount).toBe(2);
  });

  it('that crashes fails its callers, and the next invocation gets a new thread', async () => {
    const { invoke, lines } = givenFunction();
    expect(await invoke({ crash: true })).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    expect(answerOf(await invoke({})).invocationCount).toBe(1);
    expect(lines.join()).toContain('crashed on purpose');
  });

  it('that hangs is ended at its time limit, and other invocations of its thread end normally', async () => {
    const { invoke } = givenFunction();
    const [hanging, other] = await Promise.all([invoke({ hang: true }), invoke({})]);
    expect(hanging).toMatchObject({ error: { errorMessage: 'Task timed out after 0.40 seconds' } });
    expect(answerOf(other as object).event).toEqual({});
    expect(answerOf(await invoke({})).invocationCount).toBe(1);
  });

  it('that hangs ends its thread after a while, and long invocations beside it fail as in a crash', async () => {
    const { invoke } = givenFunction({ timeoutMs: 60_000 });
    await invoke({});
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const hanging = invoke({ hang: true });
      await vi.advanceTimersByTimeAsync(30_000);
      const other = invoke({ hang: true });
      await vi.advanceTimersByTimeAsync(30_000);
      expect(await hanging).toMatchObject({ error: { errorType: 'Sandbox.Timedout' } });
      await vi.advanceTimersByTimeAsync(5_000);
      expect(await other).toMatchObject({ error: { errorType: 'Runtime.ExitError' } });
    } finally {
      vi.useRealTimers();
    }
    expect(answerOf(await invoke({})).invocationCount).toBe(1);
  });

  it('may answer with up to 6 MB, counted in bytes', async () => {
    const { invoke } = givenFunction({ timeoutMs: 30_000 });
    const most = 6_291_556 - '""'.length;
    expect(await invoke({ answer: 'x', times: most })).toHaveProperty('payload');
    const refused = { error: { errorType: 'Function.ResponseSizeTooLarge' } };
    expect(await invoke({ answer: 'x', times: most + 1 })).toMatchObject(refused);
    expect(await invoke({ answer: 'é', times: most - 1 })).toMatchObject(refused);
  });

  it('whose module cannot be imported fails with the reason', async () => {
    const { invoke } = givenFunction({ file: join(folder, 'absent.mjs') });
    expect(await invoke({})).toMatchObject({ error: { errorMessage: expect.stringContaining('absent.mjs') } });
  });

  const slow = join(import.meta.dirname, 'fixture', 'slow-import.mjs');

  it('whose import takes over ten seconds imports it again in the time of its first invocation', async () => {
    const note = join(folder, 'imports');
    const { invoke, lines } = givenFunction({ file: slow, timeoutMs: 30_000, environment: { NOTE: note, HANGS: '1' } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answers = [invoke({}), invoke({})];
      await vi.waitUntil(() => existsSync(note));
      await vi.advanceTimersByTimeAsync(10_000);
      expect((await Promise.all(answers)).map(answerOf)).toEqual([{ imports: 2 }, { imports: 2 }]);
    } finally {
      vi.useRealTimers();
    }
    expect(answerOf(await invoke({}))).toEqual({ imports: 2 });
    expect(lines).toEqual(['INIT_REPORT Phase: init Status: timeout Init Duration: 10000.00 ms']);
  });

  it('whose import takes too long twice runs out of its own time, and the next invocation gets a new thread', async () => {
    const note = join(folder, 'more-imports');
    const { invoke } = givenFunction({ file: slow, timeoutMs: 3_000, environment: { NOTE: note, HANGS: '2' } });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const answer = invoke({});
      await vi.waitUntil(() => existsSync(note));
      await vi.advanceTimersByTimeAsync(10_000);
      await vi.waitUntil(() => readFileSync(note, 'utf8') === '2');
      await vi.advanceTimersByTimeAsync(3_000);
      const error = { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 3.00 seconds' };
      expect(await answer).toEqual({ error });
    } finally {
      vi.useRealTimers();
    }
    expect(answerOf(await invoke({}))).toEqual({ imports: 3 });
  });

  it('writes its log lines', async () => {
    const { invoke, lines } = givenFunction();
    await invoke({ log: 'one\ntwo' });
    await eventually('both lines', () => lines.includes('one') && lines.includes('two'));
  });

  it('that does not exist is refused with ResourceNotFoundException', async () => {
    const { lambda } = givenFunction();
    await expect(lambda.invoke('other', '{}')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      status: 404,
    });
  });
});

describe('an asynchronous invocation', () => {
  it('is repeated, and then passed to the destination for failures', async () => {
    const failures: object[] = [];
    const asynchronous = { maxRetries: 1, onFailure: (event: unknown) => void failures.push(event as object) };
    const { lambda } = givenFunction({ asynchronous });
    lambda.invokeLater('echo', JSON.stringify({ throw: 'always' }));
    await eventually('the failure', () => failures.length === 1);
    expect(failures).toEqual([{ throw: 'always' }]);
  });

  it('does not wait for long ones, because each reader of a log is one', async () => {
    const note = join(folder, 'late.json');
    const { lambda } = givenFunction({ timeoutMs: 60_000 });
    for (let count = 0; count < 50; count++) lambda.invokeLater('echo', JSON.stringify({ hang: true }));
    lambda.invokeLater('echo', JSON.stringify({ note }));
    await eventually('the note', () => existsSync(note) && readFileSync(note, 'utf8') !== '');
  });

  it('that was accepted is carried out by the next process', async () => {
    const note = join(folder, 'note.json');
    const first = givenFunction({ handler: 'absent' }, 'restart.sqlite');
    first.lambda.invokeLater('echo', JSON.stringify({ note }));
    await first.lambda.close();
    const second = givenFunction({}, 'restart.sqlite');
    second.lambda.resume();
    await eventually('the note', () => existsSync(note) && readFileSync(note, 'utf8') !== '');
  });
});
