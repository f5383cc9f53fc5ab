// Counts the messages and the writes by which a tree of thousands of jobs ends.

import { describe, expect, test } from 'vitest';
import type { JobState } from '../../core/job/state.ts';
import { advance } from '../../engine/advance.ts';
import { sweepForWorker } from '../../engine/sweep.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { doWork } from '../../engine/work.ts';
import { createMemoryContext, type MemoryContext } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { byName, createMemoryPlatform, isSettled, peekJob, taskOf } from '../memory/platform.ts';
import { ended, type WorkRecord } from '../memory/workers.ts';
import { givenJob } from '../simulation/world.ts';

const width = 2_000;
/** A message ends 25 members (docs/reference/protocols.md, "Doom"). */
const pages = width / 25;

/** A tree whose subjobs are in one state. Its origin job waits for them. */
async function givenWideTree(context: MemoryContext, state: JobState, count = width) {
  const origin = await givenJob(context, 'main', { at: { state: 'waiting_on_output' } });
  for (let index = 0; index < count; index++) {
    const name = `c${index}`;
    const task = taskOf(`${jobId(name)}-t0-l0`);
    const running = { task, tokenHash: 'hash', leaseUntil: context.now() + 600_000 };
    const at = { state, ...(state === 'running' ? running : {}) };
    await givenJob(context, name, { parent: origin, dependsOn: [jobId('other')], at });
    if (state === 'running') context.workers.states.set(task, { kind: 'running' });
  }
  await givenJob(context, 'other', { at: { state: 'running', dueAt: context.now() + 1e12 } });
  return origin;
}

function countEnd(context: MemoryContext) {
  const counts = { resumed: 0, writes: new Map<string, number>() };
  context.setHook({
    before: ({ name, detail, writes }) => {
      if (name === 'sendWork')
        counts.resumed += (JSON.parse(detail) as { kind: string }[]).filter(({ kind }) => kind === 'resume').length;
      const row = /^executions (job-\w+\/A)/.exec(detail)?.[1];
      if (writes && row !== undefined) counts.writes.set(row, (counts.writes.get(row) ?? 0) + 1);
    },
  });
  return counts;
}

describe(`a tree of ${width} jobs`, () => {
  test('that wait is ended in one chain of messages, with two writes a job', { timeout: 120_000 }, async () => {
    const context = createMemoryContext();
    const origin = await givenWideTree(context, 'waiting_on_input');
    const platform = createMemoryPlatform(context, () => undefined);
    // The origin job waits for its members: edges on them wake it while they are ended.
    await advance(context, origin.pk);
    const counts = countEnd(context);
    await terminateTree(context, origin.pk, 'user-alice');
    await platform.run();
    const children = Array.from({ length: width }, (_, index) => byName(context, `c${index}`));
    expect(new Set(children.map(({ state }) => state))).toEqual(new Set(['terminated']));
    // The end of the member that the origin job waited for begins a second chain while the first is under way.
    expect(counts.resumed).toBeLessThanOrEqual(2 * pages);
    expect(counts.writes.size).toBe(width + 1);
    expect(Math.max(...counts.writes.values())).toBe(2);
    expect(children.every(isSettled)).toBe(true);
    expect(isSettled(peekJob(context, origin.pk))).toBe(true);
  });

  test('that run is ended in one chain of messages, with three writes a job', { timeout: 120_000 }, async () => {
    const context = createMemoryContext();
    const origin = await givenWideTree(context, 'running');
    context.workers.stopAtOnce = false;
    const platform = createMemoryPlatform(context, () => undefined);
    await advance(context, origin.pk);
    const counts = countEnd(context);
    await terminateTree(context, origin.pk, 'user-alice');
    await platform.run();
    for (let index = 0; index < width; index++) {
      const task = taskOf(`${jobId(`c${index}`)}-t0-l0`);
      context.workers.states.set(task, ended('stopped'));
      await sweepForWorker(context, jobId(`c${index}`));
      await platform.run();
    }
    expect(counts.resumed).toBeLessThanOrEqual(pages);
    expect(counts.writes.size).toBe(width + 1);
    expect(Math.max(...counts.writes.values())).toBe(3);
    expect(isSettled(peekJob(context, origin.pk))).toBe(true);
  });

  test('is not disturbed by messages that come twice, or after its end', { timeout: 60_000 }, async () => {
    const context = createMemoryContext();
    const origin = await givenWideTree(context, 'running', 200);
    const platform = createMemoryPlatform(context, () => undefined);
    await advance(context, origin.pk);
    const sent: WorkRecord[] = [];
    context.setHook({
      before: ({ name, detail }) => void (name === 'sendWork' && sent.push(...(JSON.parse(detail) as WorkRecord[]))),
    });
    await terminateTree(context, origin.pk, 'user-alice');
    await platform.run();
    expect(sent.some(({ kind, step }) => kind === 'resume' && step === 'endTree')).toBe(true);
    const late = [...sent];
    for (const message of late) await doWork(context, message);
    await platform.run();
    for (let index = 0; index < 200; index++) await sweepForWorker(context, jobId(`c${index}`));
    await platform.run();
    const rows = context.rows.digest();
    for (const message of late.toReversed()) await doWork(context, message);
    await platform.run();
    expect(context.rows.digest()).toBe(rows);
    expect(context.rows.all('executions').filter((row) => row.pk !== jobId('other') && !isSettled(row))).toEqual([]);
  });
});
