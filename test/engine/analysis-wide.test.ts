// Counts how often each item is written in an analysis whose stages make many subjobs, and what a stage costs beside a
// run of its applet. STAGES and SUBJOBS make it wider.

import { expect, test } from 'vitest';
import { given } from '../../core/given.ts';
import type { AppletId } from '../../core/id/identifier.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { givenApplet } from '../api/execution-world.ts';
import { isIndexEntry } from '../memory/rows.ts';
import { countUnits } from '../memory/units.ts';
import { describeOf, project, stage, start, useAnalysisWorld, world } from './analysis-world.ts';

const stageCount = Number(process.env.STAGES ?? 20);
const subjobCount = Number(process.env.SUBJOBS ?? 20);
const timeout = 60_000 + stageCount * subjobCount * 60;

useAnalysisWorld();

async function givenWide(): Promise<AppletId> {
  const applet = await givenApplet(world, project, { outputSpec: [{ name: 'n', class: 'int' }], name: 'wide' });
  world.programs.set('part', () => ({ output: { n: 1 } }));
  world.programs.set('main', async ({ row }) => {
    const caller = { kind: 'job', user: row.launchedBy, job: row } as const;
    for (let part = 0; part < subjobCount; part++)
      await world.must('/job/new', { function: 'part', input: {}, nonce: `${row.pk} ${part}` }, caller);
    return { output: { n: subjobCount } };
  });
  return applet;
}

function countWrites() {
  const units = countUnits(world.context);
  const { after } = world.context.rows.hook;
  const writes = new Map<string, number>();
  world.context.setHook({
    ...given({ after }),
    before: ({ port, detail, writes: isWrite, keys = [detail] }) => {
      if (!isWrite || (port !== 'rows' && port !== 'bodies')) return;
      for (const key of keys) if (!isIndexEntry(key)) writes.set(key, (writes.get(key) ?? 0) + 1);
    },
  });
  return { units, writes };
}

async function settle(): Promise<void> {
  await world.platform.run();
  world.context.clock.now += everythingEndsMs;
  await world.platform.sweep();
}

test(`${stageCount} stages of ${subjobCount} subjobs write no item often, and cost little more than runs`, {
  timeout,
}, async () => {
  const wide = await givenWide();
  const runs = countWrites();
  for (let run = 0; run < stageCount; run++) await world.must(`/${wide}/run`, { project, input: {} });
  await settle();
  const plain = runs.units.writes / stageCount;

  const counts = countWrites();
  const stages = Array.from({ length: stageCount }, (_, index) => stage(`s${index}`, { executable: wide }));
  const { id } = await start(stages);
  await settle();
  expect(await describeOf(id)).toMatchObject({ state: 'done', output: { 's0.n': subjobCount } });
  const perStage = counts.units.writes / stageCount;
  const most = Math.max(...counts.writes.values());
  console.info({ most, perStage, plain });
  expect(most).toBeLessThanOrEqual(300);
  expect(perStage).toBeLessThanOrEqual(1.2 * plain);
});
