// Tests the calls that end jobs one by one: by a doom, from the root, from the job that failed, and after a try. Calls
// come late and twice, and rows change while they run.

import { describe, expect, test } from 'vitest';
import { maximumRestarts } from '../../core/executable/policy.ts';
import type { DoomCause } from '../../core/execution/doom.ts';
import { type FailureReason, failureMessages } from '../../core/execution/failure.ts';
import { masterScope } from '../../core/execution/scope.ts';
import { type JobRow, ownScope } from '../../core/job/row.ts';
import { endByDoom, endStopped, loadDoom, putDoom } from '../../engine/job/doom.ts';
import { endFromRoot, goOnEnding } from '../../engine/job/end-root.ts';
import { endDescendants, endTree, failByDependency } from '../../engine/job/end-tree.ts';
import { endTry } from '../../engine/job/end-try.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId, type PlanOptions } from '../memory/plan.ts';
import { byName, taskOf } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const scope = masterScope(main, 0);
const byUser = (by: 'user-alice' | 'user-bob') => ({ kind: 'termination', execution: main, try: 0, by }) as const;
const ofFailure = (name: string): DoomCause => ({
  ...{ kind: 'failure', execution: jobId(name), try: 0, reason: 'AppError', message: 'no reads' },
});
const ofRestart = (name: string): DoomCause => ({
  ...{ kind: 'restart', execution: jobId(name), try: 0, reason: 'UnresponsiveWorker', message: 'its host was lost' },
});
const running = { state: 'running', task: taskOf('any'), tokenHash: 'hash', leaseUntil: 1_700_000_600_000 } as const;

/** A tree: `main` runs, and so do its subjob and its nested master job, which has a subjob of its own. */
async function givenTree(at: Partial<JobRow> = {}, options: PlanOptions = {}) {
  const context = createMemoryContext();
  const origin = await givenJob(context, 'main', { ...options, at: { ...running, ...at } });
  const below = { ...origin, try: 0 };
  await givenJob(context, 'sub', { parent: below, at: running });
  const nested = await givenJob(context, 'nested', { parent: below, master: true, at: running });
  await givenJob(context, 'leaf', { parent: nested, at: running });
  return { context, origin, peek: (name: string) => byName(context, name) };
}

function flagsOf(context: MemoryContext): string[] {
  const rows = context.rows.all('executions').filter(({ sk }) => sk.startsWith('!doom#'));
  return rows.map(({ sk }) => sk);
}

/** The calls of the ports from now on. */
function watch(context: MemoryContext): string[] {
  const calls: string[] = [];
  context.setHook({ before: ({ name, detail }) => void calls.push(`${name} ${detail}`) });
  return calls;
}

/** Something that happens once, just before the first write of a job's row. */
function beforeWriteOf(context: MemoryContext, name: string, act: () => Promise<unknown>): void {
  let done = false;
  context.setHook({
    before: async (step) => {
      if (done || step.name !== 'update' || !step.detail.startsWith(`executions ${jobId(name)}/A`)) return;
      done = true;
      await act();
    },
  });
}

describe('a doom', () => {
  test('keeps its first cause: a second user who terminates the tree is not named', async () => {
    const { context, origin, peek } = await givenTree();
    await putDoom(context, main, scope, byUser('user-alice'));
    await endFromRoot(context, origin, byUser('user-bob'));
    expect(peek('main').failureMessage).toBe(failureMessages.terminated('user-alice'));
    expect(flagsOf(context)).toHaveLength(1);
  });

  test('on a try leaves the next try of that job alone', async () => {
    const { context, origin } = await givenTree({ try: 1 });
    expect(await endByDoom(context, origin, { cause: ofFailure('sub'), scope })).toBe(origin);
  });

  test('on a try ends a job inside it that is in another try itself', async () => {
    const { context } = await givenTree();
    const child = await givenJob(context, 'again', { parent: byName(context, 'main'), at: { ...running, try: 3 } });
    expect(await endByDoom(context, child, { cause: ofFailure('sub'), scope })).toMatchObject({ state: 'terminating' });
  });

  test.each(['restartable', 'terminating'] as const)(
    'that restarts a job leaves it alone when it is %s',
    async (state) => {
      const { context, origin } = await givenTree({ state });
      expect(await endByDoom(context, origin, { cause: ofRestart('sub'), scope })).toBe(origin);
    },
  );

  test('replaces the failure of a job that is ending by itself only when it is a termination', async () => {
    const own = { state: 'terminating', failureReason: 'AppError', failureMessage: 'mine' } as const;
    const { context, origin } = await givenTree(own);
    expect(await endByDoom(context, origin, { cause: ofFailure('sub'), scope })).toBe(origin);
    const ended = await endByDoom(context, origin, { cause: byUser('user-alice'), scope });
    expect(ended).toMatchObject({ state: 'terminating', failureReason: 'Terminated' });
  });

  test('ends a job that changed meanwhile as it is then', async () => {
    const { context, origin } = await givenTree({ state: 'running' });
    beforeWriteOf(context, 'main', () => saveJob(context, byName(context, 'main'), { kind: 'finish' }));
    const ended = await endByDoom(context, origin, { cause: byUser('user-alice'), scope });
    expect(ended.state).toBe('terminated');
  });

  test('reports the end of a terminating job whose worker stops in the same moment', async () => {
    const others = { state: 'terminating', failureReason: 'Terminated', failureMessage: 'discarded' } as const;
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: { ...running, ...others } });
    beforeWriteOf(context, 'sub', () => saveJob(context, sub, { kind: 'stopped' }));
    const ended = await endByDoom(context, sub, { cause: byUser('user-alice'), scope });
    expect(ended).toMatchObject({ state: 'terminated', failureMessage: 'discarded' });
  });

  test('that cannot be carried out is an error, because the job would stay for ever', async () => {
    const { context, origin } = await givenTree({ try: maximumRestarts });
    const doom = { cause: ofRestart('sub'), scope: ownScope(origin) };
    await expect(endByDoom(context, origin, doom)).rejects.toThrow('cannot be ended');
  });

  test('that came last decides how a job ends whose worker has stopped', async () => {
    const others = { state: 'terminating', failureReason: 'Terminated', failureMessage: 'discarded' } as const;
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: { ...running, ...others } });
    await putDoom(context, main, scope, byUser('user-alice'));
    await endStopped(context, sub);
    expect(byName(context, 'sub')).toMatchObject({
      state: 'terminated',
      failureMessage: failureMessages.terminated('user-alice'),
    });
  });
});

describe('the end from the root', () => {
  test('ends the first members itself while the worker of the root still has to stop', async () => {
    const { context, origin, peek } = await givenTree();
    await endFromRoot(context, origin, byUser('user-alice'));
    expect(['main', 'sub', 'nested', 'leaf'].map((name) => peek(name).state)).toEqual(Array(4).fill('terminating'));
  });

  test('leaves the members to the look at a root that ends at once', async () => {
    const { context, origin, peek } = await givenTree({ state: 'waiting_on_output' });
    await endFromRoot(context, origin, byUser('user-alice'));
    expect(['main', 'sub'].map((name) => peek(name).state)).toEqual(['terminated', 'running']);
  });

  test.each<[what: string, at: Partial<JobRow>, flag: boolean]>([
    ['began its next try', { try: 1, state: 'terminating' }, true],
    ['has ended', { state: 'terminated' }, true],
    ['is under no doom', { state: 'terminating' }, false],
  ])('goes on with nothing when the root %s', async (_, at, flag) => {
    const { context, origin, peek } = await givenTree(at);
    if (flag) await putDoom(context, main, ownScope(origin), byUser('user-alice'));
    const calls = watch(context);
    await goOnEnding(context, { kind: 'endMembers', root: main, try: 0, after: '' });
    expect(peek('sub').state).toBe('running');
    expect(calls.filter((call) => call.startsWith('query'))).toEqual([]);
  });

  test('goes on with nothing when there is no such root', async () => {
    const context = createMemoryContext();
    await goOnEnding(context, { kind: 'endMembers', root: main, try: 0, after: '' });
    expect(context.queues.work).toEqual([]);
  });
});

describe('the end of a tree', () => {
  const failed = { state: 'failed', failureReason: 'AppError', failureMessage: 'no reads' } as const;

  test('is caused by the job that failed first, which ends the origin job and every member', async () => {
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: failed });
    expect(await endTree(context, sub, undefined)).toBeUndefined();
    for (const name of ['main', 'nested', 'leaf']) {
      expect(byName(context, name), name).toMatchObject({ failureReason: 'JobTreeFailure', failureFrom: sub.pk });
    }
  });

  test('is repeated by the origin job, in case the first look was lost', async () => {
    const { context, origin } = await givenTree({ state: 'failed' });
    await putDoom(context, main, scope, ofFailure('sub'));
    const calls = watch(context);
    await endTree(context, origin, undefined);
    expect(byName(context, 'leaf')).toMatchObject({ state: 'terminating', failureReason: 'JobTreeFailure' });
    expect(calls.filter((call) => call === `get executions ${main}/A`)).toEqual([]);
  });

  test('is not repeated by any other job that ended with it', async () => {
    const { context } = await givenTree();
    const leaf = await givenJob(context, 'leaf', { parent: byName(context, 'nested'), at: { state: 'failed' } });
    await putDoom(context, main, scope, ofFailure('sub'));
    const calls = watch(context);
    expect(await endTree(context, leaf, undefined)).toBeUndefined();
    expect(calls.filter((call) => call.startsWith('query'))).toEqual([]);
    expect(byName(context, 'main').state).toBe('running');
  });

  test('does not follow a job that failed inside a try which was given up', async () => {
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: failed });
    await putDoom(context, main, scope, ofRestart('sub'));
    await endTree(context, sub, undefined);
    expect(flagsOf(context)).toHaveLength(1);
    expect(byName(context, 'nested').state).toBe('running');
  });

  test('reads the origin job only for its first page', async () => {
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: failed });
    await putDoom(context, main, scope, ofFailure('sub'));
    const calls = watch(context);
    await endTree(context, sub, 'zzz');
    expect(calls.filter((call) => call === `get executions ${main}/A`)).toEqual([]);
  });

  test('that failed in an earlier try of the origin job leaves its next try alone', async () => {
    const { context } = await givenTree({ try: 1 });
    const sub = await givenJob(context, 'sub', { parent: { ...byName(context, 'main'), try: 0 }, at: failed });
    await endTree(context, sub, undefined);
    expect(byName(context, 'main')).toMatchObject({ state: 'running', try: 1 });
  });
});

describe('the end of what is below a given-up try', () => {
  test('concerns nothing beside it, although the doom is on the whole tree', async () => {
    const { context } = await givenTree();
    const nested = await givenJob(context, 'nested', {
      ...{ parent: byName(context, 'main'), master: true },
      at: { state: 'restartable' },
    });
    await putDoom(context, main, scope, byUser('user-alice'));
    await endDescendants(context, nested, undefined);
    expect(['leaf', 'sub'].map((name) => byName(context, name).state)).toEqual(['terminating', 'running']);
  });

  test('needs a flag that says why', async () => {
    const { context, origin } = await givenTree({ state: 'restartable' });
    await expect(endDescendants(context, origin, undefined)).rejects.toThrow('there is no doom flag');
  });
});

describe('a job whose dependency has ended without being done', () => {
  const waiting = { state: 'waiting_on_input' } as const;
  const failed = { state: 'failed', failureReason: 'AppError', failureMessage: 'no reads' } as const;

  test('fails because of it, and the tree of another user stays as it is', async () => {
    const { context } = await givenTree();
    const bobs = await givenJob(context, 'bobs', { row: { launchedBy: 'user-bob' }, at: failed });
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: waiting });
    const problem = { kind: 'failed', execution: bobs.pk, message: `${bobs.pk} failed` } as const;
    expect(await failByDependency(context, sub, problem)).toMatchObject({ kind: 'saved' });
    expect(byName(context, 'sub')).toMatchObject({
      failureReason: 'DependencyUnsatisfiable',
      failureMessage: problem.message,
    });
    expect(flagsOf(context)).toEqual([]);
  });

  test('ends with its tree if the dependency is a job of that', async () => {
    const { context } = await givenTree();
    const bad = await givenJob(context, 'bad', { parent: byName(context, 'main'), at: failed });
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: waiting });
    const problem = { kind: 'failed', execution: bad.pk, message: `${bad.pk} failed` } as const;
    expect(await failByDependency(context, sub, problem)).toMatchObject({
      kind: 'saved',
      row: { state: 'failed', failureReason: 'JobTreeFailure', failureFrom: bad.pk },
    });
  });

  test('fails also when that is not known any more', async () => {
    const { context } = await givenTree();
    const sub = await givenJob(context, 'sub', { parent: byName(context, 'main'), at: waiting });
    await failByDependency(context, sub, { kind: 'failed', message: 'it is gone' });
    expect(byName(context, 'sub')).toMatchObject({ failureReason: 'DependencyUnsatisfiable' });
  });
});

describe('the end of a try', () => {
  const lost = { failure: { reason: 'UnresponsiveWorker', message: 'its host was lost' } } as const;
  const restarts = { spec: { executionPolicy: { restartOn: { '*': 1 } } } };
  const never = { spec: { executionPolicy: {} } };

  test.each<[what: string, change: Partial<JobRow>]>([
    ['renewed its lease', { leaseUntil: running.leaseUntil + 1 }],
    ['claimed it again', { tokenHash: 'fresh' }],
  ])('does not come about when the worker %s after the row was read', async (_, change) => {
    const { context, origin, peek } = await givenTree({}, never);
    await context.rows.update('executions', { pk: main, sk: 'A' }, { set: change as never });
    expect(await endTry(context, origin, lost)).toEqual({ kind: 'changed' });
    expect(peek('main').state).toBe('running');
  });

  test('is the end by a doom, if there is one', async () => {
    const { context, origin, peek } = await givenTree({}, restarts);
    await putDoom(context, main, scope, byUser('user-alice'));
    expect(await endTry(context, origin, lost)).toMatchObject({ kind: 'saved' });
    expect(peek('main')).toMatchObject({ state: 'terminating', failureReason: 'Terminated' });
  });

  test.each<[reason: FailureReason, reported: true | undefined, state: string]>([
    ['AppInsufficientResourceError', undefined, 'failed'],
    ['AppInsufficientResourceError', true, 'debug_hold'],
    ['AppError', true, 'failed'],
  ])(
    'by %s, reported: %s, makes the job %s: a machine that is gone cannot be held',
    async (reason, reported, state) => {
      const spec = { executionPolicy: {}, debugOn: ['AppInsufficientResourceError'] } as const;
      const { context, origin, peek } = await givenTree({}, { spec });
      await endTry(context, origin, { failure: { reason, message: 'm' }, ...(reported && { reported }) });
      expect(peek('main').state).toBe(state);
    },
  );

  test('by a failure that no policy names reads no specification', async () => {
    const { context, origin } = await givenTree();
    const calls = watch(context);
    await endTry(context, origin, { failure: { reason: 'OutputError', message: 'm' }, reported: true });
    expect(calls.filter((call) => call.startsWith('load'))).toEqual([]);
  });

  test('does not read the job itself once more to find out what its policy says', async () => {
    const { context, origin } = await givenTree({}, never);
    const calls = watch(context);
    await endTry(context, origin, lost);
    expect(calls.filter((call) => call === `get executions ${main}/A`)).toEqual([]);
  });

  test('does not restart a master job that is in its next try already', async () => {
    const { context, peek } = await givenTree({ try: 1 }, restarts);
    await endTry(context, peek('sub'), lost);
    expect(peek('sub')).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
    expect(peek('main')).toMatchObject({ state: 'running', try: 1 });
    expect(flagsOf(context)).toEqual([]);
  });

  test.each<[what: string, change: Partial<JobRow>]>([
    ['finished', { state: 'waiting_on_output' }],
    ['began its next try', { try: 1 }],
  ])('restarts nothing when the job %s before its machine was lost', async (_, change) => {
    const { context, origin } = await givenTree({}, restarts);
    await context.rows.update('executions', { pk: main, sk: 'A' }, { set: change as never });
    expect(await endTry(context, origin, lost)).toEqual({ kind: 'changed' });
    expect(flagsOf(context)).toEqual([]);
  });

  test('of a subjob fails it and gives the try of its master job up', async () => {
    const { context, peek } = await givenTree({}, restarts);
    expect(await endTry(context, peek('sub'), lost)).toMatchObject({ kind: 'saved', row: { pk: jobId('sub') } });
    expect(peek('sub')).toMatchObject({ state: 'failed', failureReason: 'UnresponsiveWorker' });
    expect(peek('main')).toMatchObject({ state: 'restartable', failureFrom: jobId('sub') });
  });

  test('of a job whose master job is restarted because of another one ends it with the others', async () => {
    const { context, peek } = await givenTree({}, restarts);
    beforeFlag(context, () => putDoom(context, main, scope, ofRestart('leaf')));
    expect(await endTry(context, peek('sub'), lost)).toMatchObject({ kind: 'saved', row: { state: 'terminating' } });
    expect(peek('sub').failureMessage).toBe(failureMessages.discarded(main, 0));
    expect(await loadDoom(context, peek('sub'))).toMatchObject({ cause: ofRestart('leaf') });
  });
});

/** Something that happens once, just before a doom flag is written. */
function beforeFlag(context: MemoryContext, act: () => Promise<unknown>): void {
  let done = false;
  context.setHook({
    before: async ({ name, detail }) => {
      if (done || name !== 'put' || !detail.includes('!doom#')) return;
      done = true;
      await act();
    },
  });
}
