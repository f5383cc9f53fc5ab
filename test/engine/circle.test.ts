// Tests which jobs are found to wait for another one: the walk over what is known of their waits, and its bounds.

import { describe, expect, test } from 'vitest';
import type { Dependency } from '../../core/execution/dependency.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobState } from '../../core/job/state.ts';
import { findCircle } from '../../engine/job/circle.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { byName } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

/** `needs`: the jobs that its specification waits for. `answers`: the jobs that its output refers to. */
type Job = { readonly state: JobState; readonly needs?: readonly string[]; readonly answers?: readonly string[] };

async function givenJobs(jobs: { readonly [name: string]: Job }): Promise<MemoryContext> {
  const context = createMemoryContext();
  for (const [name, { state, needs = [], answers }] of Object.entries(jobs)) {
    const { pk } = await givenJob(context, name, { dependsOn: needs.map(jobId), at: { state } });
    if (answers === undefined) continue;
    const output = { all: answers.map((of) => ({ $dnanexus_link: { job: jobId(of), field: 'n' } })) };
    await context.bodies.save(pk, 'output', { output });
  }
  return context;
}

/** The one of `from` that waits for one of `ends`. */
function walk(context: MemoryContext, from: readonly string[], ends: readonly string[]) {
  const rows = from.map((name) => byName(context, name));
  return findCircle(context, rows, new Set(ends.map(jobId)));
}

/** Counts the bodies that are read from now on. */
function countBodies(context: MemoryContext): string[] {
  const read: string[] = [];
  context.setHook({
    before: ({ port, name, detail }) => {
      if (port !== 'bodies' || name !== 'loadEach') return;
      read.push(...(detail.split('/')[0] ?? '').split(' ').filter((id) => id !== ''));
    },
  });
  return read;
}

const end = { state: 'running' } as const;

describe('a job waits for another one', () => {
  test.each<[how: string, jobs: { readonly [name: string]: Job }]>([
    ['if it is that one', { a: end }],
    ['by its specification, before its first look', { a: { state: 'idle', needs: ['end'] }, end }],
    ['by its specification', { a: { state: 'waiting_on_input', needs: ['other', 'end'] }, other: end, end }],
    ['by its output', { a: { state: 'waiting_on_output', answers: ['other', 'end'] }, other: end, end }],
    [
      'through others, of which each waits in its own way',
      {
        a: { state: 'waiting_on_input', needs: ['b', 'c'] },
        b: { state: 'idle', needs: ['x'] },
        c: { state: 'waiting_on_output', answers: ['d'], needs: ['x'] },
        d: { state: 'waiting_on_input', needs: ['end'] },
        x: end,
        end,
      },
    ],
  ])('%s', async (_, jobs) => {
    const context = await givenJobs(jobs);
    expect(await walk(context, ['a'], 'end' in jobs ? ['end'] : ['a'])).toBe(jobId('a'));
  });

  test('and the one that does is named, not those beside it', async () => {
    const context = await givenJobs({
      a: { state: 'waiting_on_input', needs: ['x'] },
      b: { state: 'waiting_on_input', needs: ['between'] },
      c: { state: 'waiting_on_input', needs: ['between'] },
      between: { state: 'waiting_on_input', needs: ['end'] },
      x: end,
      end,
    });
    expect(await walk(context, ['a', 'b', 'c'], ['other', 'end'])).toBe(jobId('b'));
  });
});

describe('a job does not wait for another one', () => {
  test.each<[why: string, jobs: { readonly [name: string]: Job }]>([
    ['when it has ended', { a: { state: 'done', needs: ['end'], answers: ['end'] }, end }],
    ['when it runs, whatever it waited for', { a: { state: 'running', needs: ['end'] }, end }],
    ['when it is runnable', { a: { state: 'runnable', needs: ['end'] }, end }],
    [
      'when the job between them has ended',
      { a: { state: 'idle', needs: ['b'] }, b: { state: 'failed', needs: ['end'] }, end },
    ],
    ['when it waits for a job that does not exist', { a: { state: 'idle', needs: ['none', 'x'] }, x: end, end }],
    [
      'when it waits in a circle of others',
      { a: { state: 'idle', needs: ['b'] }, b: { state: 'waiting_on_input', needs: ['a'] }, end },
    ],
    ['by what its input was, once its code has ended', { a: { state: 'waiting_on_output', needs: ['end'] }, end }],
  ])('%s', async (_, jobs) => {
    expect(await walk(await givenJobs(jobs), ['a'], ['end'])).toBeUndefined();
  });

  test('when it waits for objects and analyses', async () => {
    const context = createMemoryContext();
    const waits: Dependency[] = [
      { kind: 'object', object: deriveId('file', 'test', 'file', 'f') },
      { kind: 'execution', execution: deriveId('analysis', 'test', 'analysis', 'n') },
    ];
    const row = await givenJob(context, 'a', { spec: { waits }, at: { state: 'waiting_on_input' } });
    const reads: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'getMany' && reads.push(detail)) });
    expect(await findCircle(context, [row], new Set([jobId('end')]))).toBeUndefined();
    expect(reads).toEqual([]);
  });
});

describe('the walk', () => {
  test('reads nothing when no job is asked for', async () => {
    const context = await givenJobs({ a: { state: 'idle', needs: ['b'] }, b: { state: 'idle', needs: ['c'] } });
    const read = countBodies(context);
    expect(await walk(context, ['a'], [])).toBeUndefined();
    expect(read).toEqual([]);
  });

  test('reads each job once, however many ways lead to it', async () => {
    const context = await givenJobs({
      a: { state: 'idle', needs: ['b', 'c'] },
      b: { state: 'idle', needs: ['c', 'd'] },
      c: { state: 'idle', needs: ['b', 'd', 'a'] },
      d: { state: 'idle', needs: ['a', 'b'] },
    });
    const read = countBodies(context);
    expect(await walk(context, ['a', 'b'], ['end'])).toBeUndefined();
    expect(read.sort()).toEqual(['a', 'b', 'c', 'd'].map(jobId).sort());
  });

  test.each([
    ['beside each other', 150, undefined],
    ['one behind the other', 101, undefined],
    ['one behind the other', 100, jobId('j0')],
  ])('ends after 100 jobs: with %s, of %d it finds %s', async (how, count, found) => {
    const isChain = how === 'one behind the other';
    const names = Array.from({ length: count }, (_, index) => `j${index}`);
    const jobs: { [name: string]: Job } = { a: { state: 'idle', needs: names }, end };
    for (const [index, name] of names.entries()) {
      const next = names[index + 1] ?? 'end';
      jobs[name] = { state: 'idle', needs: isChain ? [next] : index === 149 ? ['end'] : [] };
    }
    const context = await givenJobs(jobs);
    const read = countBodies(context);
    expect(await walk(context, [isChain ? 'j0' : 'a'], ['end'])).toBe(found);
    expect(read).toHaveLength(100);
  });

  test('reads at most 100 rows of the jobs that one job waits for', async () => {
    const names = Array.from({ length: 150 }, (_, index) => `j${index}`);
    const beside = Object.fromEntries(names.map((name): [string, Job] => [name, end]));
    const context = await givenJobs({ a: { state: 'idle', needs: names }, ...beside });
    const rows: string[] = [];
    context.setHook({ before: ({ name, keys = [] }) => void (name === 'getMany' && rows.push(...keys)) });
    await walk(context, ['a'], ['end']);
    expect(rows).toHaveLength(100);
  });

  test('does not count jobs that have ended', async () => {
    const names = Array.from({ length: 99 }, (_, index) => `j${index}`);
    const beside = Object.fromEntries(names.map((name): [string, Job] => [name, { state: 'done' }]));
    const waiting = { a: { state: 'idle', needs: [...names, 'b'] }, b: { state: 'idle', needs: ['end'] } } as const;
    const context = await givenJobs({ ...beside, ...waiting, end });
    expect(await walk(context, ['a'], ['end'])).toBe(jobId('a'));
  });

  test('reads no row of the job that it looks for', async () => {
    const context = await givenJobs({ a: { state: 'idle', needs: ['b', 'end'] }, b: end, end });
    const rows: string[] = [];
    context.setHook({ before: ({ name, detail }) => void (name === 'getMany' && rows.push(detail)) });
    expect(await walk(context, ['a'], ['end'])).toBe(jobId('a'));
    expect(rows).toEqual([]);
  });
});
