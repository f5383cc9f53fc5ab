// Analyses below something: as a stage of another, and made by a job in its own tree.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import type { Hash } from '../../core/reference/value.ts';
import type { Stage, WorkflowId } from '../../core/workflow/workflow.ts';
import { createProject } from '../../engine/container/project.ts';
import { alice, bob, givenApplet } from '../api/execution-world.ts';
import { peekJob } from '../memory/platform.ts';
import {
  bobsProject,
  chain,
  count,
  describeOf,
  finishSlow,
  outputOf,
  project,
  stage,
  start,
  statesOf,
  useAnalysisWorld,
  world,
} from './analysis-world.ts';

useAnalysisWorld();

describe('a workflow as a stage', () => {
  /** A closed workflow of these stages. */
  const givenClosed = async (stages: readonly Stage[], more: object = {}): Promise<WorkflowId> => {
    const body = { project, stages, ...more };
    const { id } = await world.must('/workflow/new', body);
    await world.must(`/${id}/close`);
    return id as WorkflowId;
  };
  const inner = () => givenClosed([stage('x'), stage('y', { input: { n: outputOf('x') } })]);
  const outer = async (executable: WorkflowId, output: string) => [
    stage('first', { input: { n: 10 } }),
    stage('sub', { executable, input: { 'x.n': outputOf('first') } }),
    stage('last', { input: { n: { $dnanexus_link: { stage: 'sub', outputField: output } } } }),
  ];
  const stagesOf = async (id: string) =>
    ((await describeOf(id)).stages as { id: string; execution: Hash }[]).map(({ execution }) => execution);

  test('is an analysis in the analysis, with links into it and out of it', async () => {
    const { id, stages } = await start(await outer(await inner(), 'y.n'));
    expect(stages[1]).toMatch(/^analysis-/);
    await world.platform.run();
    const [, sub, last] = await stagesOf(id);
    expect(await describeOf(id)).toMatchObject({
      ...{ state: 'done', input: { 'sub.x.n': expect.anything() } },
      output: { 'first.n': 11, 'sub.x.n': 12, 'sub.y.n': 13, 'last.n': 14 },
    });
    expect(sub).toMatchObject({
      ...{ class: 'analysis', state: 'done', name: 'sub', parentAnalysis: id, stage: 'sub', rootExecution: id },
      ...{ parentJob: null, output: { 'x.n': 12, 'y.n': 13 } },
      stages: [{ execution: { parentAnalysis: stages[1], rootExecution: id } }, { id: 'y' }],
    });
    expect(last).toMatchObject({ input: { n: 13 } });
    const found = async (input: object) =>
      ((await world.must('/system/findExecutions', input)).results as Hash[]).length;
    expect(await found({ rootExecution: id })).toBe(6);
    expect(await found({ parentAnalysis: id })).toBe(3);
    expect(await found({ parentAnalysis: stages[1] })).toBe(2);
  });

  test('with inputs and outputs of its own takes and gives only those', async () => {
    const inputs = [{ name: 'start', class: 'int' }];
    const outputs = [{ name: 'end', class: 'int', outputSource: outputOf('x') }];
    const own = { $dnanexus_link: { workflowInputField: 'start' } };
    const locked = await givenClosed([stage('x', { input: { n: own } })], { inputs, outputs });
    const stages = [
      stage('sub', { executable: locked, input: { start: 1 } }),
      stage('last', { input: { n: { $dnanexus_link: { stage: 'sub', outputField: 'end' } } } }),
    ];
    const { id } = await start(stages);
    const reader = await world.must(`/${count}/run`, {
      project,
      input: { n: { $dnanexus_link: { analysis: id, stage: 'sub', field: 'end' } } },
    });
    await world.platform.run();
    expect((await describeOf(id)).output).toEqual({ 'sub.end': 2, 'last.n': 3 });
    expect(await describeOf(reader.id as string)).toMatchObject({ input: { n: 2 }, output: { n: 3 } });
    const refused = start([stage('sub', { executable: locked, input: { 'x.n': 5 } })]);
    await expect(refused).rejects.toThrow('stage sub ("sub"): the input "x.n" is private');
  });

  test('fails as its stages do, and the stages that need it fail', async () => {
    const failing = await givenClosed([stage('bad', { name: 'bad' }), stage('fine')]);
    const { id } = await start(
      await outer(failing, 'bad.n').then(([first, sub, last]) => [
        first as Stage,
        { ...(sub as Stage), input: {} },
        last as Stage,
      ]),
    );
    await world.platform.run();
    const [first, sub, last] = await stagesOf(id);
    expect([first?.state, sub?.state, last?.state]).toEqual(['done', 'failed', 'failed']);
    const [{ id: bad } = {}] = await stagesOf(sub?.id as string);
    expect(await describeOf(id)).toMatchObject({
      state: 'failed',
      failureReason: 'AppError',
      failureFrom: { id: bad },
    });
  });

  test('ends with the analysis around it, and does not end that alone', async () => {
    const slow = await givenClosed([stage('slow')]);
    const around = async () => (await start([stage('sub', { executable: slow }), stage('slow')])).id;
    const [whole, part] = [await around(), await around()];
    await world.platform.run();
    await world.must(`/${whole}/terminate`);
    await world.must(`/${(await stagesOf(part))[0]?.id}/terminate`);
    await world.platform.run();
    const ends = async (id: string) => {
      const [sub, other] = await stagesOf(id);
      return [(await describeOf(id)).state, sub?.state, (await stagesOf(sub?.id as string))[0]?.state, other?.state];
    };
    expect(await ends(whole)).toEqual(Array(4).fill('terminated'));
    expect(await ends(part)).toEqual(['partially_failed', 'terminated', 'terminated', 'running']);
  });

  test('is born whole by a look, wherever the call died', async () => {
    const sub = await inner();
    for (let write = 0; ; write++) {
      const nonce = `nested ${write}`;
      let left = write;
      world.context.setHook({
        before({ writes }) {
          if (writes && left-- === 0) throw new Error('dies');
        },
      });
      const stages = await outer(sub, 'y.n');
      const died = await start(stages, { nonce }).catch(({ message }) => message);
      world.context.setHook({});
      await world.platform.run();
      const { id } = await start(stages, { nonce });
      await world.platform.run();
      expect([write, (await describeOf(id)).output]).toMatchObject([write, { 'last.n': 14 }]);
      if (died !== 'dies') return;
    }
  });

  test.each([
    ['that is open', false, 'is open: a workflow must be closed before it can be a stage'],
    ['of another tenant', true, 'ResourceNotFound'],
  ])('%s is refused', async (_what, isForeign, message) => {
    const own = isForeign ? await createProject(world.context, { ...bobsProject }) : project;
    const { id } = await world.must('/workflow/new', { project: own, stages: [] }, isForeign ? bob : alice);
    if (isForeign) await world.must(`/${id}/close`, {}, bob);
    const refused = await start([stage('sub', { executable: id as WorkflowId })]).catch((error) => error);
    expect(`${refused.type} ${refused.message}`).toContain(message);
  });
});

describe('an analysis that a job makes in its own tree', () => {
  /** `main` of the parent starts the stages and gives the output of the last one, if there is one. */
  const givenParent = async (stages: readonly Stage[], output: (analysis: string) => Hash = () => ({})) => {
    const parent = await givenApplet(world, project, { outputSpec: [{ name: 'n', class: 'int', optional: true }] });
    const program = world.programs.get('main');
    const made: string[] = [];
    world.programs.set('main', async (claimed) => {
      if (claimed.row.executable !== parent) return program?.(claimed);
      const { id } = await start(stages, { caller: { kind: 'job', user: alice, job: claimed.row } });
      made.push(id);
      return { output: output(id) };
    });
    const { id } = await world.must(`/${parent}/run`, { project, input: {} });
    await world.platform.run();
    return { job: id as JobId, analysis: made[0] ?? '', made };
  };
  const link = (analysis: string, more: object) => ({ $dnanexus_link: { analysis, ...more } });

  test('belongs to the tree, and its maker waits for it and hands its outputs on', async () => {
    const { job, analysis } = await givenParent(chain(), (id) => ({ n: link(id, { stage: 'b', field: 'n' }) }));
    expect(await describeOf(job)).toMatchObject({ state: 'done', output: { n: 3 } });
    const { stages, ...described } = await describeOf(analysis);
    expect(described).toMatchObject({ state: 'done', parentJob: job, rootExecution: job, detachedFrom: null });
    expect((stages as Hash[])[0]).toMatchObject({
      execution: { parentJob: null, parentAnalysis: analysis, rootExecution: job },
    });
    const found = (await world.must('/system/findExecutions', { rootExecution: job })).results as Hash[];
    expect(found).toHaveLength(4);
    const below = (await world.must('/system/findExecutions', { parentJob: job })).results as Hash[];
    expect(below.map(({ id }) => id)).toEqual([analysis]);
  });

  test('keeps its maker from being done until all stages have ended', async () => {
    const { job, analysis } = await givenParent([stage('a'), stage('slow')]);
    expect((await describeOf(job)).state).toBe('waiting_on_output');
    const stages = (await describeOf(analysis)).stages as { execution: Hash }[];
    await finishSlow(stages[1]?.execution.id as JobId);
    expect([(await describeOf(job)).state, (await describeOf(analysis)).state]).toEqual(['done', 'done']);
  });

  test('fails the tree of its maker when it has failed, and names the job of the stage', async () => {
    const { job, analysis } = await givenParent([stage('bad'), stage('slow')]);
    expect((await describeOf(job)).state).toBe('waiting_on_output');
    const stages = (await describeOf(analysis)).stages as { execution: Hash }[];
    await finishSlow(stages[1]?.execution.id as JobId);
    expect((await describeOf(analysis)).state).toBe('failed');
    expect(await describeOf(job)).toMatchObject({
      ...{ state: 'failed', failureReason: 'JobTreeFailure' },
      failureMessage: `${stages[0]?.execution.id}, a job of the same tree, failed with AppError: no reads`,
      failureFrom: { id: stages[0]?.execution.id, failureReason: 'AppError' },
    });
  });

  test('fails the tree of its maker when it was terminated alone', async () => {
    const { job, analysis } = await givenParent([stage('slow')]);
    await world.must(`/${analysis}/terminate`);
    await world.platform.run();
    expect(await statesOf(analysis)).toEqual(['terminated', 'terminated']);
    expect(await describeOf(job)).toMatchObject({
      ...{ state: 'failed', failureReason: 'JobTreeFailure' },
      failureFrom: { id: analysis, name: 'pipeline', failureReason: 'Terminated' },
    });
  });

  test('ends with the tree of its maker', async () => {
    const { job, analysis } = await givenParent([stage('slow')]);
    await world.must(`/${job}/terminate`);
    await world.platform.run();
    expect([(await describeOf(job)).state, ...(await statesOf(analysis))]).toEqual(Array(3).fill('terminated'));
  });

  test('is given up with the try of its maker, and the next try makes another one', async () => {
    const executionPolicy = { restartOn: { AppInternalError: 1 } };
    const runSpec = { interpreter: 'bash', code: '', executionPolicy };
    const parent = await givenApplet(world, project, { runSpec });
    const program = world.programs.get('main');
    const made: string[] = [];
    world.programs.set('main', async (claimed) => {
      if (claimed.row.executable !== parent) return program?.(claimed);
      made.push((await start([stage('slow')], { caller: { kind: 'job', user: alice, job: claimed.row } })).id);
      if (claimed.row.try === 0) return { failure: { type: 'AppInternalError', message: 'crash' } };
      return { output: {} };
    });
    const { id: job } = await world.must(`/${parent}/run`, { project, input: {} });
    await world.platform.run();
    expect(await statesOf(made[0] ?? '')).toEqual(['terminated', 'terminated']);
    expect(await describeOf(made[0] ?? '')).toMatchObject({
      failureMessage: expect.stringContaining(`Try 0 of ${job} was given up`),
    });
    expect(await statesOf(made[1] ?? '')).toEqual(['in_progress', 'running']);
    expect(await describeOf(job as string)).toMatchObject({ state: 'waiting_on_output', try: 1 });
  });

  test('whose birth died is never born, and does not keep its maker waiting', async () => {
    world.context.setHook({
      before({ name, keys }) {
        if (name === 'put' && keys?.some((key) => /^executions analysis-\w+\/A$/.test(key))) throw new Error('dies');
      },
    });
    const parent = await givenApplet(world, project, {});
    world.programs.set('main', async ({ row }) => {
      await start([stage('a')], { caller: { kind: 'job', user: alice, job: row } }).catch(() => undefined);
      world.context.setHook({});
      return { output: {} };
    });
    const { id: job } = await world.must(`/${parent}/run`, { project, input: {} });
    await world.platform.run();
    expect((await describeOf(job as string)).state).toBe('done');
    expect((await world.must('/system/findExecutions', { rootExecution: job })).results).toHaveLength(1);
  });

  test('does not wait for its maker, and is refused when its maker has ended', async () => {
    const parent = await givenApplet(world, project, { outputSpec: [{ name: 'n', class: 'int' }] });
    const refused: unknown[] = [];
    world.programs.set('main', async ({ row }) => {
      const own = { $dnanexus_link: { job: row.pk, field: 'n' } };
      const caller = { kind: 'job', user: alice, job: row } as const;
      refused.push(await start([stage('a', { input: { n: own } })], { caller }).catch(({ message }) => message));
      return { output: { n: 1 } };
    });
    const { id } = await world.must(`/${parent}/run`, { project, input: {} });
    await world.platform.run();
    expect(refused).toEqual([`stage a ("a"): ${id} waits for this job to end, so this job cannot wait for ${id}`]);
    const caller = { kind: 'job', user: alice, job: peekJob(world.context, id as JobId) } as const;
    await expect(start([stage('a')], { caller })).rejects.toThrow(
      /cannot start jobs any more|cannot create executions/,
    );
  });
});
