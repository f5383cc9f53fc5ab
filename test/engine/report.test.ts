// Tests what a worker may report and what becomes of it: outputs that cannot be used, failures with any words, and
// reports of a worker that does not hold the job any more. Bob is a second tenant with jobs of his own.

import { describe, expect, test } from 'vitest';
import type { ExecutionId, JobId } from '../../core/id/identifier.ts';
import { beforeMembers, type JobRow, outputBodyId } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { finish } from '../../engine/job/finish.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions } from '../memory/plan.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const running = { state: 'running', task: taskOf('main'), tokenHash: 'hash', leaseUntil: 1_700_000_600_000 } as const;
const refused = { type: 'InvalidState' };
const link = (value: unknown): Hash => ({ $dnanexus_link: value });

async function givenRunning(at: Partial<JobRow> = {}, options: PlanOptions = {}) {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  const spec = { executionPolicy: {}, ...options.spec };
  const row = await givenJob(context, 'main', { ...options, spec, at: { ...running, ...at } });
  return { context, row };
}

/** A job of another tree that is done, with an output `n`. */
async function givenDone(context: MemoryContext, name: string, options: PlanOptions = {}): Promise<JobRow> {
  const row = await givenJob(context, name, { ...options, at: { state: 'done' } });
  await context.bodies.save(outputBodyId(row), 'output', { output: { n: 7 } });
  return row;
}

function watch(context: MemoryContext): string[] {
  const calls: string[] = [];
  context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
  return calls;
}

/** Something that happens once, just before the first write of a job's row. */
function beforeWriteOf(context: MemoryContext, job: JobId, act: () => Promise<unknown>): void {
  let done = false;
  context.setHook({
    before: async ({ name, detail }) => {
      if (done || name !== 'update' || !detail.startsWith(`executions ${job}/A`)) return;
      done = true;
      await act();
    },
  });
}

describe('a report', () => {
  test('of a subjob that waits for nothing makes it done by one write, and reads nothing of it again', async () => {
    const { context, row } = await givenRunning();
    const sub = await givenJob(context, 'sub', { parent: row, at: running });
    const calls = watch(context);
    expect(await finish(context, sub, { output: { n: 1 } })).toEqual({ state: 'done' });
    expect(calls.filter((call) => call.includes(sub.pk))).toEqual([
      `save ${sub.pk}/output`,
      expect.stringMatching(/^update executions/),
    ]);
  });

  describe.each([
    ['that could be done at once', undefined],
    ['that has made jobs', beforeMembers],
  ])('of a job %s', (_title, cursor) => {
    test.each<[what: string, now: Partial<JobRow>]>([
      ['whose worker has claimed it again', { tokenHash: 'fresh' }],
      ['that is in its next try', { try: 1, state: 'idle' }],
    ])('and %s is refused', async (_, now) => {
      const { context, row } = await givenRunning(cursor === undefined ? {} : { cursor });
      await context.rows.update('executions', { pk: main, sk: 'A' }, { set: now as never });
      await expect(finish(context, row, { output: {} })).rejects.toMatchObject(refused);
      expect(peekJob(context, main)).toMatchObject({ state: 'running', ...now });
    });
  });

  test('with an old token gets the state of a job that ended meanwhile', async () => {
    const { context, row } = await givenRunning();
    await context.rows.update('executions', { pk: main, sk: 'A' }, { set: { tokenHash: 'fresh' } });
    await finish(context, peekJob(context, main), { output: {} });
    expect(await finish(context, row, { output: {} })).toEqual({ state: 'done' });
  });

  test('of a failure is taken although the lease is renewed in the same moment', async () => {
    const { context, row } = await givenRunning();
    beforeWriteOf(context, main, () => saveJob(context, row, { kind: 'beat', leaseUntil: running.leaseUntil + 1 }));
    const failure = { type: 'AppError', message: 'no reads' };
    expect(await finish(context, row, { failure })).toEqual({ state: 'failed' });
  });

  test('that comes second does not count, although the first one still has to be resolved', async () => {
    const { context, row } = await givenRunning();
    const { pk: job } = await givenDone(context, 'other');
    context.bodies.hook = {
      after: ({ name }) => {
        if (name === 'save') throw new Error('the function ended here');
      },
    };
    const first = finish(context, row, { output: { x: link({ job, field: 'n' }) } });
    await expect(first).rejects.toThrow('ended here');
    context.bodies.hook = {};
    expect(await finish(context, row, { output: { x: 8 } })).toEqual({ state: 'done' });
    expect(context.bodies.peek(main, 'output')).toEqual({ output: { x: 7 } });
  });
});

describe('a failure that is reported', () => {
  const long = 'x'.repeat(20_000);
  test.each<[what: string, type: string, message: string, reason: string, stored: string]>([
    ['with a reason of the list', 'AppError', 'no reads', 'AppError', 'no reads'],
    ['with another reason', 'Surprise', 'no reads', 'AppInternalError', 'Surprise: no reads'],
    ['with a reason that only the platform gives', 'JobTreeFailure', 'm', 'AppInternalError', 'JobTreeFailure: m'],
    ['at any length', 'AppError', long, 'AppError', long.slice(0, 10_000)],
    ['with a reason of any length', long, 'm', 'AppInternalError', `${long.slice(0, 100)}: m`],
  ])('%s is kept as %s', async (_what, type, message, reason, stored) => {
    const { context, row } = await givenRunning();
    await finish(context, row, { failure: { type, message } });
    const ended = peekJob(context, main);
    expect(ended).toMatchObject({ state: 'failed', failureReason: reason });
    const whole = context.bodies.peek(main, 'output') as { failure: { message: string } } | undefined;
    expect(whole?.failure.message ?? ended.failureMessage).toBe(stored);
  });
});

describe('an output fails its job at the report, also while others are waited for,', () => {
  const outputSpec = [{ name: 'n', class: 'int' }] as const;
  const bob = { user: 'user-bob', project: `project-${'B'.repeat(24)}` } as const;
  const unseen = (count: number) => Array.from({ length: count }, (_, index) => jobId(`unseen${index}`));

  async function problemOf(output: (own: JobId) => Hash, options: PlanOptions = {}): Promise<string> {
    const { context, row } = await givenRunning({ cursor: beforeMembers }, options);
    await givenJob(context, 'slow', { parent: row, at: running });
    const sibling = await givenJob(context, 'own', { parent: row, at: { state: 'done' } });
    await finish(context, row, { output: output(sibling.pk) });
    const { state, failureReason, failureMessage = '' } = peekJob(context, main);
    expect({ state, failureReason }).toEqual({ state: 'failed', failureReason: 'OutputError' });
    const whole = context.bodies.peek(main, 'output') as { failure: { message: string } } | undefined;
    return whole?.failure.message ?? failureMessage;
  }

  test('when it has more than a megabyte', async () => {
    expect(await problemOf(() => ({ n: 'x'.repeat(1_048_576) }))).toContain('more than 1048576 bytes');
  });

  test('when a link in it is malformed', async () => {
    expect(await problemOf(() => ({ deep: [link({ job: 'none' })] }))).toContain('output.deep[0]');
  });

  test('when a field is missing, of another class, or not in the specification', async () => {
    const options = { spec: { outputSpec } };
    expect(await problemOf(() => ({}), options)).toContain('"n"');
    expect(await problemOf(() => ({ n: 'text' }), options)).toContain('"n" must be of class int');
    expect(await problemOf(() => ({ n: 1, more: 2 }), options)).toContain('more');
  });

  test('when it refers to a job that it may not see, and every other problem is named with it', async () => {
    const [job] = unseen(1);
    const message = await problemOf(() => ({ n: 'text', x: link({ job, field: 'f' }) }), { spec: { outputSpec } });
    expect(message).toContain(`${job} could not be found`);
    expect(message).toContain('"n" must be of class int');
  });

  test('when it refers to an analysis beside a job that it sees', async () => {
    const analysis: ExecutionId = `analysis-${'0'.repeat(24)}`;
    const output = (job: JobId) => ({ x: link({ job, field: 'f' }), y: link({ analysis, field: 'f' }) });
    expect(await problemOf(output)).toContain(`${analysis} could not be found`);
  });

  test('when it refers to very many such jobs, of which it names twenty', async () => {
    const message = await problemOf(() => ({ x: unseen(30).map((job) => link({ job, field: 'f' })) }));
    expect(message.match(/could not be found/g)).toHaveLength(20);
  });

  test('when it refers to a job of another tenant', async () => {
    const { context, row } = await givenRunning();
    const { pk: job } = await givenDone(context, 'bobs', bob);
    await finish(context, row, { output: { x: link({ job, field: 'n' }) } });
    expect(peekJob(context, main)).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
  });
});
