// Tests how an output makes its job done: at once, or by a later look, and what is taken back when the try has ended
// meanwhile (docs/reference/protocols.md, "Finish").

import { beforeEach, describe, expect, test } from 'vitest';
import { invalidState } from '../../core/error/api-error.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { beforeMembers, type JobRow, jobWorkspace, outputBodyId } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { memberKey } from '../../core/row/execution/tree.ts';
import { objectKey, placementKey } from '../../core/row/objects.ts';
import { finish } from '../../engine/job/finish.ts';
import { advanceOutput } from '../../engine/job/output.ts';
import { takeBack } from '../../engine/job/take-back.ts';
import { createObject, type NewObject } from '../../engine/object/create.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOf, putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const { project, launchedBy } = planJob('any').row;
const other = `project-${'1'.repeat(24)}` as const;
const link = (value: unknown): Hash => ({ $dnanexus_link: value });
const outputSpec = [{ name: 'n', class: 'int', optional: true }] as const;

let context: MemoryContext;
let row: JobRow;
beforeEach(async () => {
  context = createMemoryContext();
  await putProjectOfAlice(context);
  await putProjectOf(context, other, launchedBy);
  const at = { state: 'running', task: taskOf('main'), tokenHash: 'hash' } as const;
  row = await givenJob(context, 'main', { spec: { access: { allProjects: 'VIEW' } }, at });
});

function givenFile(place: PlaceId, name = 'f', fields: Partial<NewObject> = {}): Promise<ObjectId> {
  return createObject(context, {
    ...{ id: deriveId('file', 'test', 'file', name), place, folderId: '/', name, tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state: 'closed', createdBy: { user: launchedBy }, digest: 'd' },
    ...fields,
  });
}

const isPlaced = (file: ObjectId) => context.rows.peek('objects', placementKey(file, project)) !== undefined;
const setRow = (set: Partial<JobRow>) =>
  context.rows.update('executions', { pk: main, sk: 'A' }, { set: set as never });

/** Something that happens once, before the first call of this name that concerns the key. */
function onceBefore(name: 'get' | 'put', key: string, act: () => Promise<unknown>): void {
  context.setHook({
    before: async (step) => {
      if (step.name !== name || step.keys?.includes(key) !== true) return;
      context.setHook({});
      await act();
    },
  });
}

describe('an output whose try ends while its objects are cloned', () => {
  test.each<[what: string, now: Partial<JobRow>, stays: boolean]>([
    ['failed', { state: 'failed' }, false],
    ['was terminated', { state: 'terminated' }, false],
    ['was given up', { state: 'restartable' }, false],
    ['is in its next try', { state: 'running', try: 1 }, false],
    ['is being stopped, and takes it back when it has ended', { state: 'terminating' }, true],
    ['was completed by the same report, which came twice', { state: 'done' }, true],
  ])('has its clone removed if the job %s', async (_, now, stays) => {
    const file = await givenFile(other);
    onceBefore('put', `objects ${file}/P#${project}`, () => setRow(now));
    await finish(context, row, { output: { file: link(file) } }).catch(() => undefined);
    expect(isPlaced(file)).toBe(stays);
  });

  test.each<[what: string, now: Partial<JobRow>, answer: string]>([
    ['was given up', { state: 'restartable' }, 'restartable'],
    ['runs in its next try', { try: 1 }, 'Its report is not accepted any more'],
  ])('is not cloned at all if the job %s before', async (_, now, answer) => {
    const file = await givenFile(other);
    const writes: string[] = [];
    onceBefore('get', `executions ${main}/A`, async () => {
      await setRow(now);
      context.setHook({ before: ({ name, detail }) => void (name === 'put' && writes.push(detail)) });
    });
    const answered = await finish(context, row, { output: { file: link(file) } }).catch(String);
    expect(JSON.stringify(answered)).toContain(answer);
    expect(writes).toEqual([]);
    expect(isPlaced(file)).toBe(false);
  });
});

test('a try that has reported nothing takes nothing back', async () => {
  const calls: string[] = [];
  context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
  await takeBack(context, row);
  expect(calls).toEqual([`load ${main}/output`]);
});

describe('a report makes its job', () => {
  test.each([
    ['done', 25],
    ['waiting_on_output', 26],
  ])('%s when its output has %i closed objects', async (state, count) => {
    const files: ObjectId[] = [];
    for (let index = 0; index < count; index++) files.push(await givenFile(jobWorkspace(row), `f${index}`));
    expect(await finish(context, row, { output: { files: files.map(link) } })).toEqual({ state });
  });

  test.each([
    ['done', 25],
    ['waiting_on_output', 26],
  ])('%s when its output refers to %i jobs that are done', async (state, count) => {
    const references: Hash[] = [];
    for (let index = 0; index < count; index++) {
      const { pk: job } = await givenJob(context, `done${index}`, { at: { state: 'done' } });
      await context.bodies.save(job, 'output', { output: { n: index } });
      references.push(link({ job, field: 'n' }));
    }
    expect(await finish(context, row, { output: { n: references } })).toEqual({ state });
  });

  test.each<[what: string, fields: Partial<NewObject>]>([
    ['that is still being closed', { state: 'closing' }],
    ['that links to others', { links: [deriveId('file', 'test', 'file', 'elsewhere')] }],
  ])('wait when its output has an object %s', async (_, fields) => {
    const file = await givenFile(jobWorkspace(row), 'f', fields);
    expect(await finish(context, row, { output: { file: link(file) } })).toEqual({ state: 'waiting_on_output' });
  });

  test('failed when the value that it refers to has another class', async () => {
    const { pk: job } = await givenJob(context, 'done', { at: { state: 'done' } });
    await context.bodies.save(job, 'output', { output: { n: 'text' } });
    const strict = await givenJob(context, 'strict', { spec: { outputSpec }, at: { ...row, pk: jobId('strict') } });
    const output = { n: link({ job, field: 'n' }) };
    expect(await finish(context, { ...strict, master: strict.pk }, { output })).toEqual({ state: 'failed' });
  });

  test('wait when the project refuses its objects for now, and nothing when the platform has a fault', async () => {
    const file = await givenFile(jobWorkspace(row));
    const placement = `objects ${file}/P#${project}`;
    onceBefore('put', placement, () => Promise.reject(new TypeError('broken')));
    await expect(finish(context, row, { output: { file: link(file) } })).rejects.toThrow('broken');
    onceBefore('put', placement, () => Promise.reject(invalidState('the folder is being removed')));
    expect(await finish(context, row, { output: { file: link(file) } })).toEqual({ state: 'waiting_on_output' });
  });

  test('done without a further read of its row or of objects, if there is nothing to clone', async () => {
    const calls: string[] = [];
    context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
    await finish(context, row, { output: { n: 1 } });
    expect(calls.filter((call) => call.includes(`${main}/A`))).toEqual([expect.stringMatching(/^update/)]);
    expect(calls.filter((call) => call.startsWith('save'))).toHaveLength(1);
    expect(calls.filter((call) => call.startsWith('getMany'))).toEqual([]);
  });
});

describe('a look at a job that waits for its output', () => {
  const wait = async (output: Hash, at: Partial<JobRow> = {}): Promise<JobRow> => {
    await setRow({ state: 'waiting_on_output', ...at });
    await context.bodies.save(outputBodyId(row), 'output', { output });
    return peekJob(context, main);
  };

  test('goes on behind the children that had ended, and writes nothing while no other has', async () => {
    const jobs = ['a', 'b'].map(jobId).sort();
    for (const name of ['a', 'b']) {
      const state = jobId(name) === jobs[0] ? 'done' : 'running';
      await givenJob(context, name, { parent: row, at: { state } });
    }
    for (const cursor of [beforeMembers, memberKey(main, main, jobs[0] as never).sk]) {
      const waiting = await wait({}, { cursor });
      const reads: string[] = [];
      context.setHook({ before: ({ name, keys = [] }) => void (name === 'getMany' && reads.push(...keys)) });
      const saved = await advanceOutput(context, waiting);
      context.setHook({});
      expect(reads.includes(`executions ${jobs[0]}/A`)).toBe(cursor === beforeMembers);
      expect(saved?.kind).toBe(cursor === beforeMembers ? 'saved' : undefined);
    }
  });

  test('writes nothing while the first child has not ended', async () => {
    await givenJob(context, 'a', { parent: row, at: { state: 'running' } });
    expect(await advanceOutput(context, await wait({}, { cursor: beforeMembers }))).toBeUndefined();
  });

  test('makes it done', async () => {
    const file = await givenFile(jobWorkspace(row));
    const saved = await advanceOutput(context, await wait({ file: link(file) }));
    expect(saved).toMatchObject({ kind: 'saved', row: { state: 'done' } });
    expect(isPlaced(file)).toBe(true);
  });

  test('fails it when an object disappears in the moment in which it is looked at', async () => {
    const file = await givenFile(jobWorkspace(row));
    const waiting = await wait({ file: link(file) });
    context.setHook({
      before: async ({ detail }) => {
        if (detail !== `objects ${file}/A`) return;
        context.setHook({});
        await context.rows.delete('objects', objectKey(file));
      },
    });
    const saved = await advanceOutput(context, waiting);
    expect(saved).toMatchObject({ kind: 'saved', row: { state: 'failed', failureReason: 'OutputError' } });
    expect(peekJob(context, main).failureMessage).toContain(`${file}, which this job depends on, could not be found`);
  });
});
