// The run of a workflow: its stages as jobs, its state, and its end, from the first call to the last look.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import type { Hash } from '../../core/reference/value.ts';
import { createProject } from '../../engine/container/project.ts';
import { alice, bob, givenApplet } from '../api/execution-world.ts';
import {
  bobsProject,
  chain,
  count,
  describeOf,
  finishSlow,
  outputOf,
  project,
  renew,
  stage,
  start,
  statesOf,
  useAnalysisWorld,
  workflow,
  world,
} from './analysis-world.ts';

useAnalysisWorld();

describe('an analysis', () => {
  test('runs its stages in the order of their links, and is done with their outputs', async () => {
    const { id, stages } = await start(chain());
    expect(await statesOf(id)).toEqual(['in_progress', 'idle', 'idle']);
    await world.platform.run();
    expect(await describeOf(id)).toMatchObject({
      ...{ id, class: 'analysis', state: 'done', name: 'pipeline', executable: workflow, project },
      ...{ rootExecution: id, parentJob: null, input: { 'a.n': 1 }, output: { 'a.n': 2, 'b.n': 3 } },
      workflow: { id: workflow, stages: [{ id: 'a' }, { id: 'b' }] },
      stages: [
        { id: 'a', execution: { id: stages[0], parentAnalysis: id, analysis: id, stage: 'a', state: 'done' } },
        { id: 'b', execution: { id: stages[1], rootExecution: id, originJob: stages[1], name: 'b' } },
      ],
    });
  });

  test('takes values of the call over those of the workflow, and hands inputs of stages on', async () => {
    const stages = [
      stage('a', { input: { n: 1 } }),
      stage('b', { input: { n: { $dnanexus_link: { stage: 'a', inputField: 'n' } } } }),
    ];
    const { id } = await start(stages, { input: { 'a.n': 40 } });
    await world.platform.run();
    expect((await describeOf(id)).output).toEqual({ 'a.n': 41, 'b.n': 41 });
  });

  test('of a workflow with inputs and outputs takes and shows those', async () => {
    const stages = [
      stage('a', { input: { n: { $dnanexus_link: { workflowInputField: 'start' } } } }),
      ...chain().slice(1),
    ];
    const inputs = [{ name: 'start', class: 'int' }] as const;
    const outputs = [{ name: 'end', class: 'int', outputSource: outputOf('b') }] as const;
    const { id } = await start(stages, { input: { start: 5 }, workflow: { inputs, outputs } as never });
    await world.platform.run();
    expect(await describeOf(id)).toMatchObject({ runInput: { start: 5 }, output: { end: 7 } });
  });

  test('puts the outputs of stages into their folders', async () => {
    const stages = [stage('a'), stage('b', { folder: 'own' }), stage('c', { folder: '/else' })];
    const { id } = await start(stages, { request: { folder: '/out' }, stageOptions: { stageFolders: { c: 'mine' } } });
    const folders = ((await describeOf(id)).stages as Hash[]).map(({ execution }) => (execution as Hash).folder);
    expect(folders).toEqual(['/out', '/out/own', '/out/mine']);
  });

  test('is the same one when its call is repeated', async () => {
    const first = await start(chain(), { nonce: 'once' });
    expect(await start(chain(), { nonce: 'once' })).toEqual(first);
    await world.platform.run();
    expect(await start(chain(), { nonce: 'once' })).toEqual(first);
    const { results } = await world.must('/system/findExecutions', { project });
    expect(results).toHaveLength(3);
  });

  test.each([
    ['an unknown input', { 'c.n': 1 }, 'the workflow has no input "c.n"'],
    ['an unknown input of a stage', { 'a.m': 1 }, 'stage a ("a"): the executable has no input "m"'],
  ])('is refused with %s, and nothing is made', async (_what, input, message) => {
    await expect(start(chain(), { input })).rejects.toThrow(message);
    expect((await world.must('/system/findExecutions', { project })).results).toEqual([]);
  });
});

describe('a reference to an analysis', () => {
  const link = (analysis: string, more: object) => ({ $dnanexus_link: { analysis, ...more } });
  const runOf = async (input: object) => (await world.must(`/${count}/run`, { project, input })).id as string;

  test('names a stage and its field, and waits for that stage only', async () => {
    const { id } = await start([stage('a', { input: { n: 1 } }), stage('slow')]);
    const job = await runOf({ n: link(id, { stage: 'a', field: 'n' }) });
    await world.platform.run();
    expect(await describeOf(job)).toMatchObject({ state: 'done', input: { n: 2 }, output: { n: 3 } });
  });

  test('names an output of the workflow, also in the output of a job', async () => {
    const outputs = [{ name: 'end', class: 'int', outputSource: outputOf('a') }];
    const { id } = await start([stage('a')], { workflow: { outputs } as never });
    world.programs.set('main', ({ row }) => ({ output: { n: row.name === 'a' ? 7 : link(id, { field: 'end' }) } }));
    const job = await runOf({});
    await world.platform.run();
    expect(await describeOf(job)).toMatchObject({ state: 'done', output: { n: 7 } });
  });

  test('in dependsOn waits for all stages', async () => {
    const { id, stages } = await start([stage('a'), stage('slow')]);
    const { id: job } = await world.must(`/${count}/run`, { project, input: {}, dependsOn: [id] });
    await world.platform.run();
    expect(await describeOf(job as string)).toMatchObject({ state: 'waiting_on_input', dependsOn: [id] });
    await finishSlow(stages[1] as JobId);
    expect((await describeOf(job as string)).state).toBe('done');
  });

  test.each([
    ['that has no such output', { stage: 'a', field: 'm' }, alice, 'InputError'],
    ['that has no such stage', { stage: 'z', field: 'n' }, alice, 'InvalidInput'],
    ['of another tenant', { stage: 'a', field: 'n' }, bob, 'ResourceNotFound'],
  ])('%s is refused, or fails the job', async (_what, field, as, type) => {
    const { id } = await start([stage('a')]);
    const own = as === bob ? await createProject(world.context, { ...bobsProject }) : project;
    const applet = as === bob ? await givenApplet(world, own, { inputSpec: [{ name: 'n', class: 'int' }] }) : count;
    const answer = await world.call(`/${applet}/run`, { project: own, input: { n: link(id, field) } }, as);
    if (answer.status === 200) {
      await world.platform.run();
      expect((await describeOf(answer.body.id as string)).failureReason).toBe(type);
    } else expect((answer.body.error as Hash).type).toBe(type);
  });
});

describe('a stage that fails', () => {
  test('fails those that need it, and the others go on', async () => {
    const { id, stages } = await start([
      stage('bad'),
      stage('needs', { input: { n: outputOf('bad') } }),
      stage('slow'),
    ]);
    await world.platform.run();
    expect(await statesOf(id)).toEqual(['partially_failed', 'failed', 'failed', 'running']);
    const failure = {
      failureReason: 'AppError',
      failureMessage: 'no reads',
      failureFrom: { id: stages[0], name: 'bad' },
    };
    expect(await describeOf(id)).toMatchObject(failure);
    await finishSlow(stages[2] as JobId);
    expect(await statesOf(id)).toEqual(['failed', 'failed', 'failed', 'done']);
    expect(await describeOf(id)).toMatchObject(failure);
  });

  test('ends the others if its policy says so', async () => {
    const { id } = await start([
      stage('bad', { executionPolicy: { onNonRestartableFailure: 'failAllStages' } }),
      stage('slow'),
    ]);
    await world.platform.run();
    expect(await statesOf(id)).toEqual(['failed', 'failed', 'failed']);
    const [, slow] = (await describeOf(id)).stages as { execution: Hash }[];
    expect(slow?.execution).toMatchObject({ failureReason: 'JobTreeFailure' });
  });
});

describe('terminate', () => {
  test('of an analysis ends all its stages', async () => {
    const { id } = await start([stage('slow'), stage('b', { input: { n: outputOf('slow') } })]);
    await world.platform.run();
    await world.must(`/${id}/terminate`);
    await world.platform.run();
    expect(await statesOf(id)).toEqual(['terminated', 'terminated', 'terminated']);
    expect(await describeOf(id)).toMatchObject({
      ...{ failureReason: 'Terminated', failureMessage: 'The analysis was terminated by user-alice' },
    });
  });

  test('of the job of one stage leaves the others alone', async () => {
    const { id, stages } = await start([stage('slow'), stage('b')]);
    await world.platform.run();
    await world.must(`/${stages[0]}/terminate`);
    await world.platform.run();
    expect(await statesOf(id)).toEqual(['terminated', 'terminated', 'done']);
  });
});

describe('the birth of an analysis', () => {
  test('that dies behind its row is completed by a look', async () => {
    world.context.setHook({
      before({ name, keys }) {
        if (name === 'put' && keys?.some((key) => /^executions job-\w+\/A$/.test(key))) throw new Error('dies');
      },
    });
    await expect(start(chain(), { nonce: 'once' })).rejects.toThrow('dies');
    world.context.setHook({});
    await world.platform.run();
    const { results } = (await world.must('/system/findAnalyses', { project })) as { results: { id: string }[] };
    expect(await statesOf(results[0]?.id ?? '')).toEqual(['done', 'done', 'done']);
  });
});

describe('a call that is repeated after the workflow was edited', () => {
  const edited = () =>
    start([stage('a', { input: { n: 10 } })], { nonce: 'once', workflow: { editVersion: 1, title: 'Edited' } });
  const call = () => start(chain(), { nonce: 'once' });
  const statesAfter = async () => {
    await world.platform.run();
    const { results } = (await world.must('/system/findAnalyses', { project })) as { results: { id: string }[] };
    const { name, output, stages } = await describeOf(results[0]?.id ?? '');
    const found = (await world.must('/system/findAnalyses', { project, name: name as string })).results;
    expect(found).toHaveLength(1);
    return { output, stages: (stages as Hash[]).map(({ execution }) => (execution as Hash).id) };
  };

  test('answers with the stages that the analysis has', async () => {
    const first = await call();
    expect(await edited()).toEqual(first);
    expect((await statesAfter()).output).toEqual({ 'a.n': 2, 'b.n': 3 });
  });

  test('makes the one or the other workflow, wherever the first call died', async () => {
    const outcomes = new Set<string>();
    for (let write = 0; ; write++) {
      await renew();
      let left = write;
      world.context.setHook({
        before({ writes }) {
          if (writes && left-- === 0) throw new Error('dies');
        },
      });
      const died = await call().catch(({ message }) => message);
      world.context.setHook({});
      if (died !== 'dies') break;
      const { stages } = await edited();
      const after = await statesAfter();
      expect(after.stages).toEqual(stages);
      outcomes.add(JSON.stringify(after.output));
    }
    expect([...outcomes]).toEqual(['{"a.n":11}', '{"a.n":2,"b.n":3}']);
  });
});

describe('the limits of a run', () => {
  test.each([
    ['size', { 'a.n': 'x'.repeat(600_000), 'b.n': 'x'.repeat(600_000) }, 'bytes of JSON'],
    ['depth', { 'a.n': JSON.parse(`${'['.repeat(80)}${']'.repeat(80)}`) }, 'deeper than 64 levels'],
  ])('of %s hold for the input of all stages together', async (_what, input, message) => {
    await expect(start(chain(), { input })).rejects.toThrow(message);
  });

  test('an answer holds 4 MB of outputs', async () => {
    const wide = await givenApplet(world, project, { outputSpec: [{ name: 's', class: 'string' }] });
    world.programs.set('main', () => ({ output: { s: 'x'.repeat(900_000) } }));
    const ids = ['a', 'b', 'c', 'd', 'e'];
    const outputs = [
      { name: 's', class: 'string', outputSource: { $dnanexus_link: { stage: 'e', outputField: 's' } } },
    ];
    const stages = ids.map((id) => stage(id, { executable: wide }));
    const { id } = await start(stages);
    const { id: exporting } = await start(stages, { workflow: { outputs } as never });
    await world.platform.run();
    const { status, body } = await world.call(`/${id}/describe`, { fields: { output: true } });
    expect([status, (body.error as Hash).message]).toEqual([422, expect.stringContaining('larger than 4 MB')]);
    const { output } = await world.must(`/${exporting}/describe`, { fields: { output: true } });
    expect(Object.keys(output as Hash)).toEqual(['s']);
  });
});

describe('a search', () => {
  test('finds analyses, and the stages of one', async () => {
    const { id, stages } = await start(chain());
    const find = async (input: object) =>
      ((await world.must('/system/findExecutions', input)).results as Hash[]).map((one) => one.id).sort();
    expect(await find({ project, class: 'analysis' })).toEqual([id]);
    expect(await find({ parentAnalysis: id })).toEqual([...stages].sort());
    expect(await find({ project, parentAnalysis: null })).toEqual([id]);
    expect(await find({ rootExecution: id })).toEqual([id, ...stages].sort());
    expect(await find({ project, name: 'pipeline' })).toEqual([id]);
  });

  test('finds an analysis by its workflow, and by the executables of its stages', async () => {
    const { id, stages } = await start(chain());
    const other = await givenApplet(world, project, { name: 'other' });
    const unrelated = await start([stage('a', { executable: other })]);
    const find = async (input: object) =>
      ((await world.must('/system/findExecutions', { project, ...input })).results as Hash[]).map((one) => one.id);
    expect((await find({ executable: count })).sort()).toEqual([id, ...stages].sort());
    expect(await find({ executable: count, class: 'analysis' })).toEqual([id]);
    expect(await find({ executable: count, name: 'unknown' })).toEqual([]);
    expect(await find({ executable: other, class: 'analysis' })).toEqual([unrelated.id]);
    expect((await find({ executable: workflow })).sort()).toEqual([id, unrelated.id].sort());
  });

  test('describes them, and their tags change', async () => {
    const { id } = await start(chain());
    await world.must(`/${id}/addTags`, { tags: ['x'] });
    const { results } = await world.must('/system/findAnalyses', {
      project,
      tags: 'x',
      describe: { fields: { tags: true } },
    });
    expect(results).toEqual([{ id, describe: { tags: ['x'] } }]);
  });
});
