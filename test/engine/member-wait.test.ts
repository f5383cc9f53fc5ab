// Tests how a job waits for the jobs that it made, and what becomes of a birth that did not come about.

import { describe, expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import { type JobRow, ownScope } from '../../core/job/row.ts';
import { memberKey, memberRow } from '../../core/row/execution/tree.ts';
import { advance } from '../../engine/advance.ts';
import { loadMembers, memberWait, scopeWait } from '../../engine/job/member.ts';
import { saveJob } from '../../engine/store/save-job.ts';
import { waitFor } from '../../engine/wait/wait.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { byName, isSettled, peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

/** A job that has reported, with children in these states. */
async function givenParent(states: { readonly [name: string]: Partial<JobRow> }) {
  const context = createMemoryContext();
  const parent = await givenJob(context, 'main', { at: { state: 'waiting_on_output', try: 1 } });
  for (const [name, at] of Object.entries(states)) await givenJob(context, name, { parent, at });
  await context.bodies.save(`${parent.pk}#1`, 'output', { output: {} });
  return { context, parent };
}

function edgesOf(context: MemoryContext): [on: string, edge: string][] {
  const rows = context.rows.all('executions').filter(({ sk }) => sk.startsWith('W#'));
  return rows.map(({ pk, sk }) => [pk, sk.slice(sk.lastIndexOf('.') + 1)]);
}

/** Children in the order in which a wait reads them. */
function inOrder(names: readonly string[]): JobId[] {
  return names.map(jobId).sort();
}

describe('a job that waits for its children', () => {
  const outcomeOf = (context: MemoryContext, parent: JobRow, from?: string) =>
    waitFor(context, memberWait(context, parent, from));

  test.each<[what: string, child: Partial<JobRow>, outcome: string]>([
    ['is done', { state: 'done' }, 'ready'],
    ['runs', { state: 'running' }, 'waiting'],
    ['was never born', { state: 'terminated', tombstone: true }, 'ready'],
    ['failed in an earlier try of the job', { state: 'failed', parentTry: 0 }, 'ready'],
    ['runs in an earlier try of the job', { state: 'terminating', parentTry: 0 }, 'waiting'],
    ['failed', { state: 'failed' }, 'problem'],
    ['was terminated', { state: 'terminated' }, 'problem'],
  ])('of which one %s: %s', async (_, child, outcome) => {
    const { context, parent } = await givenParent({ other: { state: 'done' }, one: child });
    expect((await outcomeOf(context, parent)).kind).toBe(outcome);
  });

  test('names the child that failed', async () => {
    const { context, parent } = await givenParent({ other: { state: 'done' }, one: { state: 'failed' } });
    expect(await outcomeOf(context, parent)).toMatchObject({ problem: { pk: jobId('one') } });
  });

  test('writes one edge, on the first child that has not ended, and goes on behind the last that has', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const [first = jobId(''), second = jobId(''), third = jobId('')] = inOrder(names);
    const { context, parent } = await givenParent(
      Object.fromEntries(names.map((name) => [name, { state: 'running' }])),
    );
    await saveJob(context, peekJob(context, first), { kind: 'complete' });
    const cursor = memberKey(parent.root, parent.pk, first).sk;
    expect(await outcomeOf(context, parent)).toEqual({ kind: 'waiting', cursor });
    expect(edgesOf(context)).toEqual([[second, 'member']]);
    await saveJob(context, peekJob(context, second), { kind: 'complete' });
    const reads: string[] = [];
    context.setHook({ before: ({ detail }) => void reads.push(detail) });
    expect(await outcomeOf(context, parent, cursor)).toMatchObject({ kind: 'waiting' });
    expect(reads.some((detail) => detail.includes(`${first}/A`))).toBe(false);
    expect(
      edgesOf(context)
        .map(([on]) => on)
        .sort(),
    ).toEqual([second, third].sort());
  });

  test('reads the rows of a page once, and a child that gets an edge a second time', async () => {
    const { context, parent } = await givenParent({ a: { state: 'running' }, b: { state: 'running' } });
    const reads: string[] = [];
    context.setHook({
      before: ({ name, keys = [] }) =>
        void (name === 'getMany' && reads.push(...keys.filter((key) => key.endsWith('/A')))),
    });
    await outcomeOf(context, parent);
    const [first = jobId(''), second = jobId('')] = inOrder(['a', 'b']);
    expect(reads).toEqual([`executions ${first}/A`, `executions ${second}/A`, `executions ${first}/A`]);
  });

  test('is woken although its child ended while the edge was written', async () => {
    const { context, parent } = await givenParent({ a: { state: 'running' } });
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'put' || !detail.includes('W#')) return;
        await saveJob(context, byName(context, 'a'), { kind: 'complete' });
      },
    });
    expect(await outcomeOf(context, parent)).toEqual({ kind: 'ready' });
  });

  test('saves the position when it moved, and only then', async () => {
    const { context, parent } = await givenParent({
      a: { state: 'done' },
      b: { state: 'done' },
      c: { state: 'running' },
    });
    const [first = jobId('')] = inOrder(['a', 'b', 'c']);
    await advance(context, parent.pk);
    const { cursor } = peekJob(context, parent.pk);
    if (first === jobId('c')) expect(cursor).toBeUndefined();
    else expect(cursor).toMatch(new RegExp(`^${parent.pk}#`));
    const writes: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'update' && writes.push(detail)) });
    await advance(context, parent.pk);
    expect(writes).toEqual([]);
  });

  test('is done when all of more than a page of children are, also from a position in between', async () => {
    const names = Array.from({ length: 230 }, (_, index) => `c${index}`);
    const { context, parent } = await givenParent(Object.fromEntries(names.map((name) => [name, { state: 'done' }])));
    const last = inOrder(names).at(-1) ?? jobId('');
    await context.rows.update('executions', { pk: last, sk: 'A' }, { set: { state: 'running' } });
    await advance(context, parent.pk);
    expect(peekJob(context, parent.pk)).toMatchObject({ state: 'waiting_on_output' });
    expect(edgesOf(context)).toEqual([[last, 'member']]);
    await context.rows.update('executions', { pk: last, sk: 'A' }, { set: { state: 'done' } });
    await advance(context, parent.pk);
    expect(peekJob(context, parent.pk).state).toBe('done');
  });
});

describe('a master job that waits for everything below it', () => {
  /** A tree: `main` above a master job, which has children and grandchildren. */
  async function givenBelow(states: { readonly [name: string]: JobRow['state'] }) {
    const context = createMemoryContext();
    const main = await givenJob(context, 'main', { at: { state: 'running' } });
    const nested = await givenJob(context, 'nested', { parent: main, master: true, at: { state: 'failed' } });
    let parent = nested;
    for (const [name, state] of Object.entries(states))
      parent = await givenJob(context, name, { parent, at: { state } });
    const wait = () => waitFor(context, scopeWait(context, nested, ownScope(nested)));
    return { context, nested, wait };
  }

  test.each<[states: { readonly [name: string]: JobRow['state'] }, kind: string]>([
    [{}, 'ready'],
    [{ a: 'failed', b: 'terminated', c: 'done' }, 'ready'],
    [{ a: 'failed', b: 'terminated', c: 'terminating' }, 'waiting'],
    [{ a: 'terminating', b: 'failed' }, 'waiting'],
  ])('below which are %o: %s', async (states, kind) => {
    const { wait } = await givenBelow(states);
    expect((await wait()).kind).toBe(kind);
  });

  test('gets an edge on one job at a time', async () => {
    const { context, wait } = await givenBelow({ a: 'terminating', b: 'terminating' });
    await wait();
    expect(edgesOf(context)).toEqual([[jobId('a'), 'end']]);
  });

  test('counts a job whose row is not there as not ended', async () => {
    const { context, nested, wait } = await givenBelow({ a: 'failed' });
    context.setHook({
      after: async ({ name, detail }) => {
        if (name === 'query' && detail.includes(nested.pk)) {
          await context.rows.delete('executions', { pk: jobId('a'), sk: 'A' });
          context.setHook({});
        }
      },
    });
    await wait();
    expect(byName(context, 'a')).toMatchObject({ tombstone: true });
  });
});

describe('a birth that did not come about', () => {
  test('gets a tombstone that says into which try and below which scopes it was to come', async () => {
    const { context, parent } = await givenParent({});
    const lineage = ['m:somewhere'];
    const facts = { parent: parent.pk, execution: jobId('unborn'), parentTry: 7, lineage };
    await context.rows.put('executions', memberRow(parent.root, facts));
    const { members } = await loadMembers(context, parent.root, { limit: 10 });
    expect(members).toEqual([
      { sortKey: memberKey(parent.root, parent.pk, facts.execution).sk, row: expect.anything() },
    ]);
    expect(members[0]?.row).toMatchObject({ state: 'terminated', tombstone: true, parentTry: 7, lineage });
    expect(peekJob(context, facts.execution)).toMatchObject({
      tombstone: true,
      master: parent.master,
      parentTry: 7,
      lineage,
    });
    expect(isSettled(peekJob(context, facts.execution))).toBe(true);
  });

  test('is none when the job is born in the same moment', async () => {
    const { context, parent } = await givenParent({});
    const facts = { parent: parent.pk, execution: jobId('late'), parentTry: 1, lineage: [] };
    await context.rows.put('executions', memberRow(parent.root, facts));
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'put' || !detail.startsWith(`executions ${facts.execution}/A`)) return;
        context.setHook({});
        await givenJob(context, 'late', { parent, at: { state: 'runnable' } });
      },
    });
    const { members } = await loadMembers(context, parent.root, { limit: 10 });
    expect(members.map(({ row }) => row.state)).toEqual(['runnable']);
  });

  test('without a parent is a fault of the platform', async () => {
    const { context, parent } = await givenParent({});
    const facts = { parent: jobId('nobody'), execution: jobId('unborn'), parentTry: 0, lineage: [] };
    await context.rows.put('executions', memberRow(parent.root, facts));
    await expect(loadMembers(context, parent.root, { limit: 10 })).rejects.toThrow('has no row');
  });
});

test('a master job waits for what is below it, although a page of the tree holds only other jobs', async () => {
  const context = createMemoryContext();
  const origin = await givenJob(context, 'origin', { at: { state: 'failed' } });
  const masters: JobRow[] = [];
  for (const name of ['a', 'b']) {
    const master = await givenJob(context, name, { parent: origin, master: true, at: { state: 'failed' } });
    for (let index = 0; index < 120; index++)
      await givenJob(context, `${name}${index}`, { parent: master, at: { state: 'running' } });
    masters.push(master);
  }
  // The tree is read in the order of the parents.
  for (const master of masters)
    expect(await waitFor(context, scopeWait(context, master, ownScope(master)))).toMatchObject({ kind: 'waiting' });
});
