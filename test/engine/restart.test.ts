// Tests restarts by policy on the memory platform (docs/reference/api.md, "Restarts").

import { describe, expect, test } from 'vitest';
import type { WorkerEnding } from '../../core/context.ts';
import type { ExecutionPolicy } from '../../core/executable/policy.ts';
import { jobWorker, jobWorkspace, restartScope } from '../../core/job/row.ts';
import { tryRow } from '../../core/row/execution/job.ts';
import { maximumJobDepth } from '../../core/run/request.ts';
import { createJob } from '../../engine/job/birth.ts';
import { claim } from '../../engine/job/claim.ts';
import { finish } from '../../engine/job/finish.ts';
import { loadEarlierTries, loadTry } from '../../engine/store/load-try.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { sweepExecution } from '../../engine/sweep.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, type Program, peekJob, taskOf } from '../memory/platform.ts';
import { ended } from '../memory/workers.ts';

function givenPlatform(programs: { readonly [name: string]: Program }) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, (claimed) => {
    const program = programs[claimed.row.name ?? ''];
    return program === undefined ? { output: {} } : program(claimed);
  });
  const run = async (name: string, options?: PlanOptions) => {
    await createJob(context, planJob(name, options));
    await platform.run();
  };
  /** Ends the worker of a job's present launch, and looks at the job. */
  const lose = async (name: string, how: WorkerEnding) => {
    context.workers.states.set(taskOf(jobWorker(byName(context, name))), ended(how));
    await sweepExecution(context, jobId(name));
    await platform.run();
  };
  return { context, platform, run, lose };
}

const withPolicy = (executionPolicy: ExecutionPolicy): PlanOptions => ({ spec: { executionPolicy } });
const crash = { failure: { type: 'AppInternalError', message: 'exit code 1' } };

test('a job that fails for a reason of its policy is tried again, and its tries are kept', async () => {
  const { context, run } = givenPlatform({ main: ({ row }) => (row.try < 2 ? crash : { output: { try: row.try } }) });
  await run('main', withPolicy({ restartOn: { AppInternalError: 2 } }));
  const row = byName(context, 'main');
  expect(row).toMatchObject({ state: 'done', try: 2 });
  expect(row).not.toHaveProperty('failureReason');
  for (const attempt of [0, 1]) {
    const earlier = await loadTry(context, row, attempt);
    expect(earlier).toMatchObject({ state: 'restarted', try: attempt, failureReason: 'AppInternalError' });
  }
});

test('the row of the present try, stored by a restart that was interrupted, is not an earlier try', async () => {
  const { context, run } = givenPlatform({ main: ({ row }) => (row.try === 0 ? crash : { output: {} }) });
  await run('main', withPolicy({ restartOn: { AppInternalError: 1 } }));
  const row = byName(context, 'main');
  await context.rows.put('executions', tryRow(row));
  expect((await loadEarlierTries(context, row)).map((earlier) => earlier.try)).toEqual([0]);
});

test('a subjob restarts its master by the policy of the master, whose other jobs are discarded', async () => {
  const { context, run } = givenPlatform({
    main: async ({ row }) => {
      await createJob(context, planJob(`bad${row.try}`, { parent: row, spec: { executionPolicy: {} } }));
      await createJob(context, planJob(`other${row.try}`, { parent: row, dependsOn: [jobId(`bad${row.try}`)] }));
      return { output: {} };
    },
    bad0: () => crash,
  });
  await run('main', withPolicy({ restartOn: { '*': 1 } }));
  expect(byName(context, 'main')).toMatchObject({ state: 'done', try: 1 });
  expect(await loadTry(context, byName(context, 'main'), 0)).toMatchObject({
    state: 'restarted',
    failureReason: 'AppInternalError',
    failureMessage: 'exit code 1',
    failureFrom: jobId('bad0'),
  });
  expect(byName(context, 'bad0')).toMatchObject({ state: 'failed', failureReason: 'AppInternalError' });
  expect(byName(context, 'other0')).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
});

test('a failure in a nested master job restarts that one alone', async () => {
  const { context, run } = givenPlatform({
    main: async ({ row }) => {
      const options = { parent: row, master: true, ...withPolicy({ restartOn: { AppInternalError: 1 } }) };
      await createJob(context, planJob('nested', options));
      return { output: {} };
    },
    nested: ({ row }) => (row.try === 0 ? crash : { output: {} }),
  });
  await run('main');
  expect(byName(context, 'nested')).toMatchObject({ state: 'done', try: 1 });
  expect(byName(context, 'main')).toMatchObject({ state: 'done', try: 0 });
});

test('when the restarts are used up, the tree fails because of the job that failed last', async () => {
  const { context, run } = givenPlatform({
    main: async ({ row }) => {
      await createJob(context, planJob(`bad${row.try}`, { parent: row }));
      return undefined;
    },
    bad0: () => crash,
    bad1: () => crash,
  });
  await run('main', withPolicy({ restartOn: { AppInternalError: 1 } }));
  const last = jobId('bad1');
  expect(peekJob(context, last)).toMatchObject({ state: 'failed', failureReason: 'AppInternalError' });
  expect(byName(context, 'main')).toMatchObject({
    state: 'failed',
    try: 1,
    failureReason: 'JobTreeFailure',
    failureFrom: last,
  });
});

test.each<[WorkerEnding, string]>([
  ['lost', 'UnresponsiveWorker'],
  ['exited', 'UnresponsiveWorker'],
])('a worker that is %s counts as %s: by default the third one fails the job', async (how, reason) => {
  const { context, run, lose } = givenPlatform({ main: () => undefined });
  await run('main');
  for (const attempt of [0, 1]) {
    expect(byName(context, 'main')).toMatchObject({ state: 'running', try: attempt });
    await lose('main', how);
  }
  await lose('main', how);
  expect(byName(context, 'main')).toMatchObject({ state: 'failed', try: 2, failureReason: reason });
});

test('a wide scatter whose spot machines are all taken back ends on demand', async () => {
  const width = 10;
  const given = givenPlatform({
    main: async ({ row }) => {
      for (let n = 0; n < width; n++) await createJob(given.context, planJob(`c${row.try}-${n}`, { parent: row }));
      await createJob(given.context, planJob(`nested${row.try}`, { parent: row, master: true }));
      return { output: {} };
    },
    ...Object.fromEntries([0, 1, 2].map((attempt) => [`c${attempt}-7`, () => undefined])),
  });
  const { context, run, lose } = given;
  await run('main', { row: { priority: 'low' } });
  const spotOf = (name: string) => context.workers.launches.get(jobWorker(byName(context, name)))?.input.spot;
  for (const attempt of [0, 1, 2]) {
    expect(byName(context, 'main')).toMatchObject({ try: attempt, priority: 'low' });
    expect(spotOf(`c${attempt}-7`)).toBe(true);
    await lose(`c${attempt}-7`, 'reclaimed');
  }
  expect(byName(context, 'main')).toMatchObject({ state: 'done', try: 3, priority: 'high' });
  expect([spotOf('main'), spotOf('c3-7'), spotOf('nested3')]).toEqual([false, false, false]);
});

describe('a subjob of an executable whose entry points all restart', () => {
  const alone = (executionPolicy: ExecutionPolicy): PlanOptions => ({
    spec: { executionPolicy, restartableEntryPoints: 'all' },
  });
  const givenTree = (policy: ExecutionPolicy, failures: number, reports = true) => {
    const given = givenPlatform({
      main: async ({ row }) => {
        await createJob(given.context, planJob('bad', { parent: row, ...alone(policy) }));
        await createJob(given.context, planJob('sibling', { parent: row, ...alone(policy) }));
        return { output: {} };
      },
      bad: async ({ row }) => {
        const parent = { parent: row, parentRestartsAlone: true, ...alone(policy) };
        await createJob(given.context, planJob(`below${row.try}`, parent));
        if (row.try < failures) return reports ? crash : undefined;
        return { output: {} };
      },
      below0: () => undefined,
    });
    return given;
  };

  test('restarts alone, in the workspace of its master, and its descendants are discarded', async () => {
    const { context, run } = givenTree({ restartOn: { '*': 1 } }, 1);
    await run('main', alone({ restartOn: { '*': 1 } }));
    const bad = byName(context, 'bad');
    expect(bad).toMatchObject({ state: 'done', try: 1, parentTry: 0 });
    expect(jobWorkspace(bad)).toBe(jobWorkspace(byName(context, 'main')));
    expect(await loadTry(context, bad, 0)).toMatchObject({ state: 'restarted', failureReason: 'AppInternalError' });
    expect(byName(context, 'main')).toMatchObject({ state: 'done', try: 0 });
    expect(byName(context, 'sibling')).toMatchObject({ state: 'done', try: 0 });
    expect(byName(context, 'below0')).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
    const below = byName(context, 'below1');
    expect(below).toMatchObject({ state: 'done', parentTry: 1 });
    expect(below.lineage).toEqual([`m:${jobId('main')}:0`, `s:${jobId('bad')}:1`]);
    expect(context.rows.all('executions').filter((row) => !isSettled(row))).toEqual([]);
  });

  test('does not begin its next try while something of the last one runs', async () => {
    const given = givenTree({ restartOn: { '*': 1 } }, 1, false);
    const { context, platform } = given;
    context.workers.stopAtOnce = false;
    await given.run('main', alone({ restartOn: { '*': 1 } }));
    await finish(context, byName(context, 'bad'), crash);
    await platform.run();
    for (const name of ['below0', 'bad']) {
      expect(byName(context, 'bad')).toMatchObject({ state: 'restartable', try: 0 });
      context.workers.states.set(taskOf(`${jobId(name)}-t0-l0`), ended('stopped'));
      await sweepExecution(context, jobId(name));
      await platform.run();
    }
    expect(byName(context, 'bad')).toMatchObject({ state: 'done', try: 1 });
  });

  test('fails with its tree when its own restarts are used up', async () => {
    const { context, run } = givenTree({ restartOn: { '*': 1 } }, 2);
    await run('main', alone({ restartOn: { '*': 1 } }));
    expect(byName(context, 'bad')).toMatchObject({
      state: 'failed',
      try: 1,
      failureReason: 'AppInternalError',
    });
    const tree = { state: 'failed', try: 0, failureReason: 'JobTreeFailure', failureFrom: jobId('bad') };
    expect(byName(context, 'main')).toMatchObject(tree);
  });

  test('restarts with the nearest scope above when it is nested deep, so that its row stays small', () => {
    let row = planJob('main').row;
    for (let depth = 1; depth < maximumJobDepth; depth++) {
      row = planJob(`s${depth}`, { parent: row, parentRestartsAlone: true }).row;
      expect(row.lineage.length).toBe(Math.min(depth, 3));
      const own = depth < 3;
      expect(restartScope(row, true).execution).toBe(own ? row.pk : jobId('s2'));
    }
  });
});

describe('a nested master job that has failed for good', () => {
  /** `c`, a job of `nested`, is lost. `main`, above both, waits for `nested` and `other`. */
  async function givenNested() {
    const given = givenPlatform({
      main: async ({ row }) => {
        await createJob(given.context, planJob('nested', { parent: row, master: true }));
        await createJob(given.context, planJob('other', { parent: row }));
        return { output: {} };
      },
      nested: async ({ row }) => {
        await createJob(given.context, planJob('c', { parent: row }));
        return undefined;
      },
      c: () => undefined,
      other: () => undefined,
    });
    await given.run('main');
    const fail = () =>
      finish(given.context, byName(given.context, 'nested'), { failure: { type: 'AppError', message: 'bad' } });
    return { ...given, fail };
  }
  const tree = { state: 'failed', failureReason: 'JobTreeFailure' };

  test('does not start again when a job below it is lost before its own end was looked at', async () => {
    const { context, fail, lose } = await givenNested();
    await fail();
    await lose('c', 'lost');
    expect(byName(context, 'nested')).toMatchObject({ state: 'failed', failureReason: 'AppError' });
    for (const name of ['main', 'other']) expect(byName(context, name)).toMatchObject(tree);
  });

  test('fails its tree even if the flag of its restart is written in the same moment', async () => {
    const { context, fail, lose } = await givenNested();
    let isFirst = true;
    context.setHook({
      before: async ({ name, detail }) => {
        if (!isFirst || name !== 'put' || !detail.includes('!doom')) return;
        isFirst = false;
        await fail();
      },
    });
    await lose('c', 'lost');
    expect(isFirst).toBe(false);
    expect(byName(context, 'nested')).toMatchObject({ state: 'failed', failureReason: 'AppError' });
    for (const name of ['main', 'other']) {
      expect(byName(context, name)).toMatchObject({ ...tree, failureFrom: jobId('nested') });
    }
  });
});

describe('the next try', () => {
  test('does not begin while a worker of the last one still runs', async () => {
    const { context, platform, run, lose } = givenPlatform({
      main: async ({ row }) => {
        if (row.try === 0) await createJob(context, planJob('c', { parent: row }));
        return undefined;
      },
      c: () => undefined,
    });
    await run('main');
    context.workers.stopAtOnce = false;
    await lose('c', 'lost');
    expect(byName(context, 'main')).toMatchObject({ state: 'restartable', try: 0 });
    expect([...context.workers.stopping]).toEqual([taskOf(`${jobId('main')}-t0-l0`)]);
    context.workers.states.set(taskOf(`${jobId('main')}-t0-l0`), ended('stopped'));
    await sweepExecution(context, jobId('main'));
    await platform.run();
    expect(byName(context, 'main')).toMatchObject({ state: 'running', try: 1 });
  });

  test('does not begin while a descendant of the last one still runs', async () => {
    const { context, platform, run, lose } = givenPlatform({
      main: async ({ row }) => {
        if (row.try === 0) for (const name of ['c', 'd']) await createJob(context, planJob(name, { parent: row }));
        return row.try === 0 ? { output: {} } : undefined;
      },
      c: () => undefined,
      d: () => undefined,
    });
    await run('main');
    context.workers.stopAtOnce = false;
    await lose('c', 'lost');
    expect(byName(context, 'main')).toMatchObject({ state: 'restartable', try: 0 });
    expect(byName(context, 'd').state).toBe('terminating');
    context.workers.states.set(taskOf(`${jobId('d')}-t0-l0`), ended('stopped'));
    await sweepExecution(context, jobId('d'));
    await platform.run();
    expect(byName(context, 'main')).toMatchObject({ state: 'running', try: 1 });
  });

  test('is not moved on by a look that began in the last one', async () => {
    const { context } = givenPlatform({});
    await createJob(context, planJob('main'));
    const seen = byName(context, 'main');
    const failure = { reason: 'UnresponsiveWorker', message: 'gone' } as const;
    await saveJob(context, seen, { kind: 'giveUp', failure });
    await saveJob(context, byName(context, 'main'), { kind: 'retry' });
    expect(await saveJob(context, seen, { kind: 'ready' })).toEqual({ kind: 'changed' });
    expect(byName(context, 'main')).toMatchObject({ state: 'idle', try: 1 });
  });

  test('is not claimed by the worker of the last one', async () => {
    const { context, run, lose } = givenPlatform({ main: () => undefined });
    await run('main');
    const first = byName(context, 'main');
    await lose('main', 'lost');
    const boot = { job: first.pk, try: 0, launch: 0, nonce: await context.seals.seal('boot', jobWorker(first)) };
    await expect(claim(context, { ...boot, task: first.task ?? '' })).rejects.toThrow('not for this worker');
  });
});
