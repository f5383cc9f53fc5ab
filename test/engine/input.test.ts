// Tests the look at a job that waits for its input: how far it goes on, which objects it waits for, and what its
// description shows meanwhile.

import { beforeEach, describe, expect, test } from 'vitest';
import { invalidInput } from '../../core/error/api-error.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { FileId, JobId, ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { type JobRow, jobWorkspace, outputBodyId } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import type { Hash } from '../../core/reference/value.ts';
import { objectKey, placementKey } from '../../core/row/objects.ts';
import { advance } from '../../engine/advance.ts';
import { loadInput } from '../../engine/job/input.ts';
import { createObject } from '../../engine/object/create.ts';
import { loadSpec } from '../../engine/store/load-job.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions, planJob } from '../memory/plan.ts';
import { peekJob, taskOf } from '../memory/platform.ts';
import { putProjectOf, putProjectOfAlice } from '../memory/project.ts';
import { givenJob } from '../simulation/world.ts';

const waiting = { state: 'waiting_on_input' } as const;
const running = { state: 'running', task: taskOf('main'), tokenHash: 'hash' } as const;
const link = (value: unknown): Hash => ({ $dnanexus_link: value });

let context: MemoryContext;
beforeEach(async () => {
  context = createMemoryContext();
  await putProjectOfAlice(context);
});

/** A job that is done, with this output. */
async function givenDone(name: string, output: Hash, options: PlanOptions = {}): Promise<JobRow> {
  const row = await givenJob(context, name, { ...options, at: { state: 'done' } });
  await context.bodies.save(outputBodyId(row), 'output', { output });
  return row;
}

function givenFile(name: string, place: PlaceId, state: 'open' | 'closed'): Promise<ObjectId> {
  return createObject(context, {
    ...{ id: deriveId('file', 'test', 'file', name), place, folderId: '/', name, tags: [], types: [], properties: {} },
    ...{ hidden: false, details: {}, links: [], state, createdBy: { user: 'user-alice' }, digest: 'd' },
  });
}

describe('a job that waits for many others', () => {
  const names = Array.from({ length: 100 }, (_, index) => `d${String(index).padStart(3, '0')}`);

  /** The first of the jobs are done. The look before had read some of them. */
  async function givenWaiter(doneCount: number, cursor?: number): Promise<JobRow> {
    for (const [index, name] of names.entries()) {
      await givenJob(context, name, { at: { state: index < doneCount ? 'done' : 'running' } });
    }
    const dependsOn = names.map(jobId);
    return givenJob(context, 'waiter', { dependsOn, at: { ...waiting, ...(cursor !== undefined && { cursor }) } });
  }

  test.each<[done: number, before: number | undefined, after: number | undefined]>([
    [24, undefined, undefined],
    [25, undefined, 25],
    [54, 30, 30],
    [55, 30, 55],
  ])('of which %i are done, and of which %s were read, keeps %s as its position', async (done, before, after) => {
    const { pk } = await givenWaiter(done, before);
    await advance(context, pk);
    expect(peekJob(context, pk)).toMatchObject(waiting);
    expect(peekJob(context, pk).cursor).toBe(after);
  });

  test('does not read those again that were done', async () => {
    const { pk } = await givenWaiter(70, 60);
    const reads: string[] = [];
    context.setHook({ before: ({ keys = [] }) => void reads.push(...keys) });
    await advance(context, pk);
    expect(reads).not.toContain(`executions ${jobId('d059')}/A`);
    expect(reads).toContain(`executions ${jobId('d060')}/A`);
  });
});

describe('a file that an output brings into an input', () => {
  /** A subjob that takes the files of another one. Both work in the same workspace. */
  async function givenTaker(states: readonly ('open' | 'closed')[], takerParent = (main: JobRow) => main) {
    const main = await givenJob(context, 'main', { at: running });
    const files: ObjectId[] = [];
    for (const [index, state] of states.entries()) files.push(await givenFile(`f${index}`, jobWorkspace(main), state));
    const { pk: job } = await givenDone('maker', { files: files.map(link) }, { parent: main });
    const input = { files: link({ job, field: 'files' }) };
    const taker = await givenJob(context, 'taker', { parent: takerParent(main), input, at: waiting });
    return { taker: taker.pk, files, last: files.at(-1) as FileId };
  }
  const close = (file: ObjectId) => context.rows.update('objects', objectKey(file), { set: { state: 'closed' } });

  test('is waited for until it is closed, and the position among the jobs does not move meanwhile', async () => {
    const { taker, last } = await givenTaker([...Array(30).fill('closed'), 'open']);
    const writes: string[] = [];
    context.setHook({ before: ({ name }) => void (name === 'update' && writes.push(name)) });
    await advance(context, taker);
    expect(peekJob(context, taker)).toMatchObject(waiting);
    expect(writes).toEqual([]);
    await close(last);
    await advance(context, taker);
    expect(peekJob(context, taker).state).toBe('runnable');
  });

  test('is not waited for by a job that may not see it: the wait would show when it is closed', async () => {
    const stranger = await givenJob(context, 'nested', {
      ...{ parent: await givenJob(context, 'main', { at: running }), master: true },
      at: running,
    });
    const { taker, last } = await givenTaker(['open'], () => stranger);
    await advance(context, taker);
    expect(peekJob(context, taker)).toMatchObject({ state: 'failed', failureReason: 'InputError' });
    expect(peekJob(context, taker).failureMessage).toContain(last);
  });

  test('fails the job when it disappears in the moment in which it is looked at', async () => {
    const { taker, last } = await givenTaker(['open']);
    context.setHook({
      before: async ({ detail }) => {
        if (detail !== `objects ${last}/A`) return;
        context.setHook({});
        await context.rows.delete('objects', objectKey(last));
      },
    });
    await advance(context, taker);
    expect(peekJob(context, taker)).toMatchObject({ state: 'failed', failureReason: 'InputError' });
  });
});

describe('an object that goes into the workspace of a job', () => {
  const other = `project-${'1'.repeat(24)}` as const;
  /** A job that is about to run, for which a file was pinned in its project. The file is in this place. */
  async function givenPinned(place: PlaceId, state: 'open' | 'closed' = 'closed') {
    const { project, launchedBy } = planJob('any').row;
    await putProjectOf(context, other, launchedBy);
    const file = await givenFile('pinned', place, state);
    const spec = { pins: [{ object: file, project }] };
    return { file, job: await givenJob(context, 'main', { spec, at: { state: 'idle' } }) };
  }

  test('is taken from another place that its user sees when it is not in the first any more', async () => {
    const { file, job } = await givenPinned(other);
    await advance(context, job.pk);
    expect(peekJob(context, job.pk).state).toBe('runnable');
    expect(context.rows.peek('objects', placementKey(file, jobWorkspace(job)))).toBeDefined();
  });

  test('and can never be placed there fails the job, with the refusal', async () => {
    const { file, job } = await givenPinned(planJob('any').row.project);
    const placement = `objects ${file}/P#${jobWorkspace(job)}`;
    context.setHook({
      before: ({ writes, keys = [] }) => {
        if (writes && keys.includes(placement)) throw invalidInput('there are too many');
      },
    });
    await advance(context, job.pk);
    expect(peekJob(context, job.pk)).toMatchObject({
      state: 'failed',
      failureReason: 'InputError',
      failureMessage: expect.stringContaining('there are too many'),
    });
  });

  test('and is open is a fault of the platform, because it was waited for', async () => {
    const { job } = await givenPinned(planJob('any').row.project, 'open');
    await expect(advance(context, job.pk)).rejects.toThrow('closed objects are open again');
  });
});

describe('the input of a job', () => {
  const inputSpec = [{ name: 'n', class: 'array:int' }] as const;
  const inputOf = async (job: JobId, reader: 'itself' | 'client') =>
    loadInput(context, peekJob(context, job), await loadSpec(context, job), reader);
  const givenReader = (input: Hash, spec: Partial<ExecutionSpec> = { inputSpec }, at: Partial<JobRow> = running) =>
    givenJob(context, 'reader', { input, spec, at });

  test('is flat as its executable reads it, and as it was given for a client', async () => {
    const { pk } = await givenReader({ n: [[1], [2, 3]] });
    const loads: string[] = [];
    context.bodies.hook = { before: ({ detail }) => void loads.push(detail) };
    expect(await inputOf(pk, 'itself')).toEqual({ n: [1, 2, 3] });
    expect(await inputOf(pk, 'client')).toEqual({ n: [[1], [2, 3]] });
    expect(loads).not.toContain(`${pk}/input`);
  });

  test('is flat as its executable reads it also when that is shorter than what a client must be shown', async () => {
    const { pk: job } = await givenDone('other', { n: 3 });
    const { pk } = await givenReader({ n: [[], [link({ job, field: 'n' })]] });
    await context.bodies.save(pk, 'input', { n: [3] });
    expect(await inputOf(pk, 'itself')).toEqual({ n: [3] });
    expect(await inputOf(pk, 'client')).toEqual({ n: [[], [3]] });
  });

  test('shows the outputs of at most a hundred jobs before it is complete', async () => {
    const jobs: JobId[] = [];
    for (let index = 0; index < 101; index++) jobs.push((await givenDone(`done${index}`, { n: index })).pk);
    const references = jobs.map((job) => link({ job, field: 'n' }));
    const { pk } = await givenReader({ n: references }, {}, waiting);
    const { n } = (await inputOf(pk, 'client')) as { n: unknown[] };
    expect(n.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(n[100]).toEqual(references[100]);
  });
});
