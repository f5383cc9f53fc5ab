// Tests jobs from birth to end on the memory platform: the states and results that a user sees, with and without
// failures.

import { describe, expect, test } from 'vitest';
import type { FileId, JobId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { toRow } from '../../core/row/execution/job.ts';
import { look } from '../../engine/advance.ts';
import { createJob } from '../../engine/job/birth.ts';
import { loadDoom } from '../../engine/job/doom.ts';
import { finish } from '../../engine/job/finish.ts';
import { createObject } from '../../engine/object/create.ts';
import { removeObjects } from '../../engine/removal/object.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, type Program, peekJob, taskOf } from '../memory/platform.ts';
import { putProject } from '../memory/project.ts';
import { ended } from '../memory/workers.ts';

const file: FileId = `file-${'0'.repeat(24)}`;
const project: ProjectId = `project-${'0'.repeat(24)}`;

type Programs = { readonly [name: string]: Program };

function givenPlatform(programs: Programs) {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, (claimed) => {
    const program = programs[claimed.row.name ?? ''];
    return program === undefined ? { output: {} } : program(claimed);
  });
  const run = (name: string, options?: PlanOptions) => createJob(context, planJob(name, options));
  return { context, platform, run };
}

function statesOf(context: MemoryContext, ...names: string[]): Hash {
  return Object.fromEntries(names.map((name) => [name, byName(context, name).state]));
}

function outputOf(job: JobId, field: string): Hash {
  return { $dnanexus_link: { job, field } };
}

test('a job without input runs once and is settled', async () => {
  const { context, platform, run } = givenPlatform({});
  await run('a');
  await platform.run();
  const row = byName(context, 'a');
  expect(row.transitions.map(([state]) => state)).toEqual(['runnable', 'running', 'done']);
  expect(isSettled(row)).toBe(true);
  context.clock.now += 900_000;
  await platform.sweep();
  expect(peekJob(context, row.pk)).not.toHaveProperty('dueAt');
  expect(peekJob(context, row.pk)).not.toHaveProperty('openShard');
  expect([...context.workers.launches.keys()]).toEqual([`${jobId('a')}-t0-l0`]);
});

test('a gathering subjob reads the outputs of its siblings, and the output of the tree refers to its own', async () => {
  const { context, platform, run } = givenPlatform({
    main: async ({ row }) => {
      const parts = ['p1', 'p2', 'p3'];
      for (const name of parts) await createJob(context, planJob(name, { parent: row }));
      const input = { parts: parts.map((name) => outputOf(jobId(name), 'n')) };
      await createJob(context, planJob('gather', { parent: row, input }));
      return { output: { total: outputOf(jobId('gather'), 'total') } };
    },
    p1: () => ({ output: { n: 1 } }),
    p2: () => ({ output: { n: 2 } }),
    p3: () => ({ output: { n: 3 } }),
    gather: ({ input }) => ({ output: { total: (input.parts as number[]).reduce((sum, one) => sum + one, 0) } }),
  });
  await run('main');
  await platform.run();
  expect(statesOf(context, 'main', 'p1', 'p2', 'p3', 'gather')).toEqual({
    main: 'done',
    p1: 'done',
    p2: 'done',
    p3: 'done',
    gather: 'done',
  });
  expect(context.bodies.peek(jobId('main'), 'output')).toEqual({ output: { total: 6 } });
  expect(context.rows.all('executions').filter((row) => !isSettled(row))).toEqual([]);
});

test('a failing subjob fails its whole tree, and jobs outside that depend on the tree', async () => {
  const { context, platform, run } = givenPlatform({
    main: async ({ row }) => {
      await createJob(context, planJob('bad', { parent: row }));
      await createJob(context, planJob('waiting', { parent: row, dependsOn: [jobId('bad')] }));
      return { output: {} };
    },
    bad: () => ({ failure: { type: 'AppError', message: 'no reads in the file' } }),
  });
  await run('main');
  await run('outside', { dependsOn: [jobId('main')] });
  await platform.run();
  expect(statesOf(context, 'main', 'bad', 'waiting', 'outside')).toEqual({
    main: 'failed',
    bad: 'failed',
    waiting: 'failed',
    outside: 'failed',
  });
  expect(byName(context, 'bad').failureReason).toBe('AppError');
  expect(byName(context, 'main')).toMatchObject({ failureReason: 'JobTreeFailure', failureFrom: jobId('bad') });
  expect(byName(context, 'outside').failureReason).toBe('DependencyUnsatisfiable');
  expect(context.rows.all('executions').filter((row) => !isSettled(row))).toEqual([]);
});

describe('an output that is a file of the workspace', () => {
  function givenRun(projectRow: { destroyed?: true }) {
    const given = givenPlatform({
      main: async ({ row }) => {
        await createObject(given.context, {
          ...{ id: file, place: jobWorkspace(row), folderId: '/', name: 'out', tags: [], types: [], properties: {} },
          ...{
            hidden: false,
            details: {},
            links: [],
            state: 'closed',
            createdBy: { user: row.launchedBy },
            digest: 'd',
          },
        });
        return { output: { file: { $dnanexus_link: file } } };
      },
    });
    const start = async () => {
      await putProject(given.context, project, projectRow);
      await given.run('main', { project });
      await given.platform.run();
      return byName(given.context, 'main');
    };
    return { context: given.context, start };
  }

  test('is cloned to the project, and remains when the workspace is destroyed', async () => {
    const { context, start } = givenRun({});
    expect((await start()).state).toBe('done');
    expect(context.rows.peek('objects', { pk: file, sk: `P#${project}` })).toMatchObject({ name: 'out' });
    expect(context.rows.all('objects').filter(({ sk }) => sk.startsWith('P#'))).toHaveLength(1);
  });

  test('fails the job when its project was destroyed meanwhile, and is removed with the workspace', async () => {
    const { context, start } = givenRun({ destroyed: true });
    const row = await start();
    expect(row).toMatchObject({ state: 'failed', failureReason: 'OutputError' });
    expect(row.failureMessage).toContain(project);
    expect(context.rows.all('objects')).toEqual([]);
  });
});

test('a job that waits for a file to be closed fails at once when the file is removed', async () => {
  const { context, platform, run } = givenPlatform({});
  await createObject(context, {
    ...{ id: file, place: project, folderId: '/', name: 'open', tags: [], types: [], properties: {}, hidden: false },
    ...{ details: {}, links: [], state: 'open', createdBy: { user: 'user-alice' }, digest: 'd' },
  });
  const input = { file: { $dnanexus_link: file } };
  await run('main', { project, input, spec: { waits: [{ kind: 'object', object: file }] } });
  await platform.run();
  expect(statesOf(context, 'main')).toEqual({ main: 'waiting_on_input' });
  await removeObjects(context, project, [file]);
  await platform.run();
  const row = byName(context, 'main');
  expect(row).toMatchObject({ state: 'failed', failureReason: 'InputError' });
  expect(row.failureMessage).toContain(file);
});

test('an edge expires after 60 days, and a job that still waits writes it again', async () => {
  const { context, platform, run } = givenPlatform({ slow: () => undefined });
  await run('slow');
  await run('waiting', { dependsOn: [jobId('slow')] });
  await platform.run();
  const edges = () => context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'));
  const lifeDays = edges().map((edge) => (Number(edge.expiresAtSeconds) - context.now() / 1000) / 86_400);
  expect(lifeDays).toEqual([60]);
  for (const edge of edges()) await context.rows.delete('executions', edge);
  context.clock.now += 60 * 86_400_000;
  await look(context, byName(context, 'waiting'), 'woken');
  expect(edges()).toHaveLength(1);
  await finish(context, byName(context, 'slow'), { output: {} });
  await platform.run();
  expect(statesOf(context, 'slow', 'waiting')).toEqual({ slow: 'done', waiting: 'done' });
});

test('a running job of a terminated tree ends only when its worker has stopped', async () => {
  const { context, platform, run } = givenPlatform({
    main: async ({ row }) => {
      await createJob(context, planJob('long', { parent: row }));
      return { output: {} };
    },
    long: () => undefined,
  });
  context.workers.stopAtOnce = false;
  await run('main');
  await platform.run();
  expect(statesOf(context, 'main', 'long')).toEqual({ main: 'waiting_on_output', long: 'running' });
  await terminateTree(context, jobId('long'), 'user-alice');
  await platform.run();
  expect(statesOf(context, 'main', 'long')).toEqual({ main: 'terminated', long: 'terminating' });
  const task = taskOf(`${jobId('long')}-t0-l0`);
  expect([...context.workers.stopping]).toEqual([task]);
  context.workers.states.set(task, ended('stopped'));
  context.clock.now += 700_000;
  await platform.sweep();
  await platform.run();
  expect(statesOf(context, 'main', 'long')).toEqual({ main: 'terminated', long: 'terminated' });
  expect(byName(context, 'main')).toMatchObject({
    failureReason: 'Terminated',
    failureMessage: 'The job was terminated by user-alice',
  });
  context.clock.now += 700_000;
  await platform.sweep();
  expect(context.rows.all('executions').filter((row) => !isSettled(row))).toEqual([]);
});

describe('workers that are lost', () => {
  test.each([
    ['that is lost', 'lost', 'UnresponsiveWorker'],
    ['that is reclaimed', 'reclaimed', 'SpotInstanceInterruption'],
  ] as const)(
    'a host %s makes the nearest master job restart in a new workspace, without the old descendants',
    async (_, how, why) => {
      let lost = false;
      const { context, platform, run } = givenPlatform({
        main: async ({ row }) => {
          await createJob(context, planJob(`child${row.try}`, { parent: row }));
          return { output: { child: outputOf(jobId(`child${row.try}`), 'n') } };
        },
        child0: ({ row }) => {
          lost = true;
          context.workers.states.set(row.task ?? '', ended(how));
          return undefined;
        },
        child1: () => ({ output: { n: 7 } }),
      });
      await run('main');
      await platform.run();
      expect(lost).toBe(true);
      context.clock.now += 700_000;
      await platform.sweep();
      await platform.run();
      const row = byName(context, 'main');
      expect(row).toMatchObject({ state: 'done', try: 1 });
      expect(row.failureReason).toBeUndefined();
      expect(context.bodies.peek(`${jobId('main')}#1`, 'output')).toEqual({ output: { child: 7 } });
      const earlier = context.rows.peek('executions', { pk: jobId('main'), sk: 'T#0' });
      expect(earlier).toMatchObject({ state: 'restarted', try: 0, failureReason: why });
      expect(byName(context, 'child0').state).toBe('failed');
    },
  );

  test('a silent worker is stopped, and its job fails with UnresponsiveWorker', async () => {
    const { context, platform, run } = givenPlatform({ main: () => undefined });
    await run('main', { spec: { executionPolicy: {} } });
    await platform.run();
    context.clock.now += 601_000;
    await platform.sweep();
    await platform.run();
    expect(byName(context, 'main')).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
  });
});

test('a message from an earlier state does not make an ended job skip a step', async () => {
  const { context, platform } = givenPlatform({});
  const { row, spec } = planJob('a');
  const ended = { ...row, state: 'terminated', failureReason: 'Terminated', openShard: 0, dueAt: 1 } as const;
  await context.bodies.save(row.pk, 'spec', spec);
  await context.rows.put('executions', toRow(ended));
  // The job was restartable when the message was sent, and was terminated before the message arrived.
  const leftOver = {
    v: 1,
    kind: 'resume',
    execution: row.pk,
    try: 0,
    state: 'restartable',
    step: 'destroyWorkspace',
    after: '',
  };
  await doWork(context, leftOver);
  await platform.run();
  expect(await loadDoom(context, ended), 'the flag on its tree').toBeDefined();
  expect(isSettled(peekJob(context, row.pk)), 'settled').toBe(true);
});
