// Tests which worker gets a job: one task of the present launch, while no doom is on the job.

import { describe, expect, test } from 'vitest';
import { workerId } from '../../core/id/worker.ts';
import type { JobRow } from '../../core/job/row.ts';
import { ownScope } from '../../core/job/row.ts';
import { parseJobToken, tokenExpiry } from '../../engine/identity/job-token.ts';
import { type ClaimRequest, claim } from '../../engine/job/claim.ts';
import { putDoom } from '../../engine/job/doom.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const main = jobId('main');
const dayMs = 86_400_000;
const claimed = { type: 'InvalidState', details: { code: 'claimed' } };

async function givenRow(at: Partial<JobRow> = {}) {
  const context = createMemoryContext();
  await givenJob(context, 'main', { at: { state: 'runnable', try: 2, launch: 3, ...at } });
  /** Asks for the job as a task of a launch. */
  const ask = async (change: Partial<ClaimRequest> = {}) => {
    const of = { job: main, try: 2, launch: 3, ...change };
    return claim(context, { nonce: await context.seals.seal('boot', workerId(of)), task: 'task', ...of });
  };
  return { context, ask };
}

describe('a worker gets', () => {
  test('a runnable job of its launch, with a token of that try and a lease', async () => {
    const { context, ask } = await givenRow();
    const { token, row } = await ask();
    expect(parseJobToken(token)).toMatchObject({ job: main, try: 2 });
    expect(row).toMatchObject({ state: 'running', task: 'task', leaseUntil: context.now() + 600_000 });
    expect(peekJob(context, main).tokenHash).toBe(row.tokenHash);
  });

  test('a fresh token when the same task asks again, because the answer may have been lost', async () => {
    const { context, ask } = await givenRow();
    const first = await ask();
    const second = await ask();
    expect(second.token).not.toBe(first.token);
    expect(peekJob(context, main)).toMatchObject({ state: 'running', tokenHash: second.row.tokenHash });
  });
});

describe('a worker gets nothing, and ends, when', () => {
  test.each<[what: string, change: Partial<ClaimRequest>]>([
    ['an earlier try', { try: 1 }],
    ['an earlier launch', { launch: 2 }],
  ])('it belongs to %s', async (_, change) => {
    const { context, ask } = await givenRow();
    await expect(ask(change)).rejects.toMatchObject(claimed);
    expect(peekJob(context, main).state).toBe('runnable');
  });

  test('another task of its launch has the job', async () => {
    const { context, ask } = await givenRow();
    await ask();
    await expect(ask({ task: 'other' })).rejects.toMatchObject(claimed);
    expect(peekJob(context, main).task).toBe('task');
  });

  test('the job ends in the moment in which it asks', async () => {
    const { context, ask } = await givenRow();
    context.setHook({
      before: async ({ name, detail }) => {
        if (name !== 'update' || !detail.startsWith(`executions ${main}/A`)) return;
        context.setHook({});
        await context.rows.update('executions', { pk: main, sk: 'A' }, { set: { state: 'failed' } });
      },
    });
    await expect(ask()).rejects.toMatchObject(claimed);
  });

  test.each(['idle', 'waiting_on_output', 'terminating', 'debug_hold', 'done', 'failed', 'terminated'] as const)(
    'the job that it had is %s',
    async (state) => {
      const { ask } = await givenRow({ state, task: 'task' });
      await expect(ask()).rejects.toMatchObject(claimed);
    },
  );

  test('the tree of the job is under a doom, which then ends the job', async () => {
    const { context, ask } = await givenRow();
    const row = peekJob(context, main);
    const cause = { kind: 'termination', execution: main, try: 2, by: 'user-alice' } as const;
    await putDoom(context, main, ownScope(row), cause);
    await expect(ask()).rejects.toMatchObject(claimed);
    expect(peekJob(context, main)).toMatchObject({ state: 'terminated', failureReason: 'Terminated' });
  });
});

describe('a caller learns nothing about', () => {
  test.each(['', 'x'.repeat(64), 'short'])('a job whose nonce it does not know: "%s"', async (nonce) => {
    const { context, ask } = await givenRow();
    await expect(ask({ nonce })).rejects.toMatchObject({ type: 'ResourceNotFound' });
    expect(peekJob(context, main).state).toBe('runnable');
  });

  test('a job that does not exist', async () => {
    const { ask } = await givenRow();
    await expect(ask({ job: jobId('none') })).rejects.toMatchObject({ type: 'ResourceNotFound' });
  });
});

test('the token of a job expires when its tree is 30 days old, whenever the job was born', async () => {
  const context = createMemoryContext();
  const born = context.now();
  const root = await givenJob(context, 'root', { at: { state: 'running' } });
  context.clock.now += 10 * dayMs;
  await givenJob(context, 'main', { parent: root, now: context.now(), at: { state: 'runnable' } });
  const of = { job: main, try: 0, launch: 0 };
  const { token } = await claim(context, {
    ...of,
    task: 'task',
    nonce: await context.seals.seal('boot', workerId(of)),
  });
  expect(tokenExpiry(parseJobToken(token)?.secret ?? '')).toBe(born + 30 * dayMs);
});

test('a root whose row is at hand is not read a second time for its token', async () => {
  const { context, ask } = await givenRow();
  const reads: string[] = [];
  context.setHook({ before: ({ name, detail }) => void (name === 'get' && reads.push(detail)) });
  await ask();
  expect(reads.filter((detail) => detail === `executions ${main}/A`)).toHaveLength(1);
});
