// Tests searches for executions: which are found, in which order, page by page.

import { beforeEach, describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { listKey } from '../../core/row/execution/job.ts';
import { sweepForWorker } from '../../engine/sweep.ts';
import { ended } from '../memory/workers.ts';
import { alice, asJob, bob, givenApplet, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: AppletId;

beforeEach(async () => {
  world = await givenWorld();
  project = await givenProject(world, { members: [[bob, 'CONTRIBUTE']] });
  applet = await givenApplet(world, project);
});

type Result = { readonly id: JobId; readonly describe?: { [name: string]: unknown } };
async function find(input: object, as?: Parameters<World['must']>[2]): Promise<JobId[]> {
  const { results, next } = (await world.must('/system/findExecutions', input, as)) as {
    results: Result[];
    next: unknown;
  };
  expect(next === null || typeof next === 'string').toBe(true);
  return results.map(({ id }) => id);
}

async function givenJobs(count: number, options: object = {}): Promise<JobId[]> {
  const jobs: JobId[] = [];
  for (let index = 0; index < count; index++) {
    world.context.clock.now += 1000;
    jobs.unshift(await run(world, applet, { project, input: {}, name: `job ${jobs.length}`, ...options }));
  }
  return jobs;
}

/** An origin job with a subjob, a master job that the origin job ran, and a subjob of that master job. */
async function givenTree(): Promise<{ origin: JobId; sub: JobId; child: JobId; grandchild: JobId }> {
  const callers: Caller[] = [];
  world.programs.set('main', async (claimed) => {
    callers.push(await asJob(world, claimed));
    return undefined;
  });
  const tick = () => {
    world.context.clock.now += 1000;
  };
  const origin = await run(world, applet, { project, input: {} });
  await world.platform.run();
  tick();
  const sub = (await world.must('/job/new', { function: 'process', input: {}, name: 'sub' }, callers[0])).id as JobId;
  tick();
  const child = await run(world, applet, { input: {} }, callers[0]);
  await world.platform.run();
  tick();
  const grandchild = (await world.must('/job/new', { function: 'process', input: {} }, callers[1])).id as JobId;
  await world.platform.run();
  return { origin, sub, child, grandchild };
}

describe('a search', () => {
  it('shows a job once although a repeated birth left several list rows', async () => {
    const [job = ''] = await givenJobs(1);
    const row = await world.context.rows.get('executions', { pk: job, sk: 'A' });
    for (const later of [1, 2, 700]) {
      await world.context.rows.put('executions', listKey(project, Number(row?.created) + later, job as JobId));
    }
    expect(await find({ project })).toEqual([job]);
    expect(await find({ project, limit: 1 })).toEqual([job]);
  });

  it('finds the newest jobs first, and its pages fit together although new jobs come', async () => {
    const jobs = await givenJobs(7);
    const found: string[] = [];
    let starting: string | null | undefined;
    do {
      const page = await world.must('/system/findExecutions', { project, limit: 3, starting });
      found.push(...(page.results as Result[]).map(({ id }) => id));
      starting = page.next as string | null;
      await givenJobs(1);
    } while (starting !== null);
    expect(found).toEqual(jobs);
  });

  it('covers the projects that the user sees, merged by time, and no others', async () => {
    const second = await givenProject(world);
    const inFirst = await givenJobs(1);
    world.context.clock.now += 1000;
    const inSecond = [await run(world, await givenApplet(world, second), { project: second, input: {} })];
    const newest = await givenJobs(1);
    expect(await find({})).toEqual([...newest, ...inSecond, ...inFirst]);
    expect(await find({}, bob)).toEqual([...newest, ...inFirst]);
    expect((await world.call('/system/findExecutions', { project: second }, bob)).status).toBe(404);
  });

  it('does not find jobs that the caller may not see, by any filter', async () => {
    const secret = await givenProject(world);
    const hidden = await run(world, await givenApplet(world, secret), { project: secret, input: {} });
    for (const input of [
      { id: hidden },
      { originJob: [hidden] },
      { rootExecution: hidden },
      { parentJob: hidden },
      {},
    ]) {
      expect(await find(input, bob)).toEqual([]);
    }
    expect(await find({ id: hidden })).toEqual([hidden]);
  });

  it('selects trees, children, origin jobs and master jobs', async () => {
    const { origin, sub, child, grandchild } = await givenTree();
    const [other] = await givenJobs(1);
    expect(await find({ project })).toEqual([other, grandchild, child, sub, origin]);
    expect(await find({ project, originJob: [origin] })).toEqual([grandchild, child, sub, origin]);
    expect(await find({ rootExecution: origin })).toEqual([grandchild, child, sub, origin]);
    expect(await find({ project, parentJob: null })).toEqual([other, origin]);
    expect(await find({ parentJob: origin })).toEqual([child, sub]);
    expect(await find({ project, includeSubjobs: false })).toEqual([other, child, origin]);
    expect(await find({ id: [sub, deriveId('job', 'x', 'x', 'x')] })).toEqual([sub]);
    expect(await find({ originJob: [origin], limit: 2 })).toEqual([grandchild, child]);
    expect(await find({ project, class: 'analysis' })).toEqual([]);
    expect(await find({ project, parentAnalysis: null, class: 'job' })).toHaveLength(5);
    expect((await world.must('/system/findJobs', { project })).results).toHaveLength(5);
    expect((await world.must('/system/findAnalyses', { project })).results).toEqual([]);
  });

  it('selects by tags, properties, name, launcher, state and executable', async () => {
    const [tagged] = await givenJobs(1, { tags: ['a', 'b'], properties: { k: 'v' }, name: 'Reads of sample 7' });
    const [plain] = await givenJobs(1, { name: 'ü'.repeat(100) });
    const foreign = await run(world, applet, { project, input: {} }, bob);
    await world.platform.run();
    expect(await find({ project, tags: { $and: ['a', 'b'] } })).toEqual([tagged]);
    expect(await find({ project, tags: 'c' })).toEqual([]);
    expect(await find({ project, properties: { k: true } })).toEqual([tagged]);
    expect(await find({ project, name: { glob: 'Reads*' } })).toEqual([tagged]);
    expect(await find({ project, name: { regexp: '^reads', flags: 'i' } })).toEqual([tagged]);
    expect(await find({ project, name: 'ü'.repeat(100) })).toEqual([plain]);
    expect(await find({ project, launchedBy: 'self' }, bob)).toEqual([foreign]);
    expect(await find({ project, launchedBy: alice })).toEqual([plain, tagged]);
    expect(await find({ project, state: 'done' })).toHaveLength(3);
    expect(await find({ project, state: ['running', 'failed'] })).toEqual([]);
    expect(await find({ project, executable: deriveId('applet', 'x', 'x', 'x') })).toEqual([]);
    expect(await find({ project, tags: 'late' })).toEqual([]);
    await world.must(`/${plain}/addTags`, { tags: ['late'] });
    expect(await find({ project, tags: 'late' })).toEqual([plain]);
  });

  it('selects by time of creation, absolute or relative', async () => {
    const [third, second, first] = await givenJobs(3);
    const now = world.context.clock.now;
    expect(await find({ project, created: { after: now - 1000 } })).toEqual([third, second]);
    expect(await find({ project, created: { before: now - 1000 } })).toEqual([second, first]);
    expect(await find({ project, created: { after: -1500, before: -500 } })).toEqual([second]);
    expect(await find({ originJob: [first, third], created: { after: now } })).toEqual([third]);
  });

  it('describes its results as the describe route does', async () => {
    const [job] = await givenJobs(1, { input: { a: 1 } });
    const search = async (describe: unknown) => {
      const { results } = (await world.must('/system/findExecutions', { project, describe })) as { results: Result[] };
      return results[0]?.describe;
    };
    expect(await search(false)).toBeUndefined();
    expect(await search(true)).toEqual(await world.must(`/${job}/describe`));
    expect(await search({ io: false })).not.toHaveProperty('input');
    expect(await search({ fields: { id: true } })).toEqual({ id: job });
    expect(await search({ defaultFields: true, fields: { runInput: false } })).toMatchObject({
      try: 0,
      input: { a: 1 },
    });
  });

  it('shows earlier tries and their descendants only with includeRestarted', async () => {
    const { origin, sub, child, grandchild } = await givenTree();
    const claimed = [...world.context.workers.states.keys()].find((task) => task.includes(origin));
    world.context.workers.states.set(claimed ?? '', ended('lost'));
    world.programs.set('main', () => ({ output: { n: 2 } }));
    await sweepForWorker(world.context, origin);
    for (let round = 0; round < 4; round++) {
      await world.platform.sweep();
      await world.platform.run();
      world.context.clock.now += 700_000;
    }
    expect(await world.must(`/${origin}/describe`)).toMatchObject({ try: 1, state: 'done', output: { n: 2 } });
    const earlier = await world.must(`/${origin}/describe`, { try: 0 });
    expect(earlier).toMatchObject({ try: 0, state: 'restarted', output: null });
    expect(await find({ project })).toEqual([origin]);
    const all = await world.must('/system/findExecutions', { project, includeRestarted: true, describe: true });
    const tries = (all.results as Result[]).map(({ id, describe }) => [id, describe?.try]);
    expect(tries).toEqual([
      [grandchild, 0],
      [child, 0],
      [sub, 0],
      [origin, 1],
      [origin, 0],
    ]);
  });

  it('describes and finds each try with its own times, reason, tags and properties', async () => {
    const crash = { failure: { type: 'AppInternalError', message: 'exit code 1' } };
    world.programs.set('main', ({ row }) => (row.try < 2 ? crash : { output: { n: 2 } }));
    const executionPolicy = { restartOn: { '*': 5 } };
    const [job] = await givenJobs(1, { executionPolicy, priority: 'low', tags: ['born'] });
    await world.platform.run();
    for (const attempt of [0, 1]) {
      const described = await world.must(`/${job}/describe`, { try: attempt });
      expect(described).toMatchObject({ try: attempt, state: 'restarted', failureReason: 'AppInternalError' });
      expect(described).toMatchObject({ failureMessage: 'exit code 1', priority: 'low', finalPriority: 'low' });
    }
    const last = { try: 2, state: 'done', failureCounts: { AppInternalError: 2 }, executionPolicy };
    expect(await world.must(`/${job}/describe`)).toMatchObject(last);
    await world.must(`/${job}/addTags`, { tags: ['odd'], try: 1 });
    await world.must(`/${job}/setProperties`, { properties: { p: 'latest' } });
    const search = async (condition: object) => {
      const query = { project, includeRestarted: true, describe: { fields: { try: true } }, ...condition };
      const { results } = (await world.must('/system/findExecutions', query)) as { results: Result[] };
      return results.map(({ describe }) => describe?.try);
    };
    expect(await search({})).toEqual([2, 1, 0]);
    expect(await search({ tags: 'born' })).toEqual([2, 1, 0]);
    // A later try has the tags of the one before until its own are changed.
    expect(await search({ tags: 'odd' })).toEqual([2, 1]);
    expect(await search({ properties: { p: 'latest' } })).toEqual([2]);
    expect(await search({ state: 'restarted' })).toEqual([1, 0]);
    expect(await search({ state: 'done' })).toEqual([2]);
  });

  it.each([
    [{ state: 5 }, 'state'],
    [{ starting: 'x' }, 'starting'],
    [{ name: { regexp: '(' } }, 'name'],
    [{ tags: 5 }, 'tags'],
    [{ properties: [] }, 'properties'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 1001 }, 'limit'],
    [{ describe: 'yes' }, 'describe'],
    [{ created: { after: 'x' } }, 'created'],
    [{ project: 'x' }, 'project'],
  ])('refuses %j, and the message names the key', async (input, key) => {
    const { status, body } = await world.call('/system/findExecutions', input);
    expect(status).toBe(422);
    expect((body.error as { message: string }).message).toContain(key);
  });
});
