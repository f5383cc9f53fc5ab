// Tests how many units a run, a subjob and a wait write, counted on the memory platform by DynamoDB's rules. The limits
// are 40, 25 and 6 units; the study counted 27, 9 and 1 (docs/reference/protocols.md, "Rows").

import { expect, test } from 'vitest';
import { createJob } from '../../engine/job/birth.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, type Program, peekJob } from '../memory/platform.ts';
import { countUnits } from '../memory/units.ts';

/** The units that a tree with `subjobCount` subjobs writes. Each subjob waits for the one before when `chained`. */
async function unitsOfTree(subjobCount: number, chained = false): Promise<{ writes: number; byKey: object }> {
  const context = createMemoryContext();
  const program: Program = async ({ row }) => {
    if (row.name !== 'main') return { output: { n: 1 } };
    for (let index = 0; index < subjobCount; index++) {
      const before = { $dnanexus_link: { job: jobId(`sub${index - 1}`), field: 'n' } };
      const input = chained && index > 0 ? { before } : {};
      await createJob(context, planJob(`sub${index}`, { parent: row, input }));
    }
    return { output: {} };
  };
  const platform = createMemoryPlatform(context, program);
  const units = countUnits(context);
  await createJob(context, planJob('main'));
  await platform.run();
  expect(peekJob(context, jobId('main')).state).toBe('done');
  return { writes: units.writes, byKey: Object.fromEntries(units.byKey) };
}

test('a run, a subjob and a wait stay within their limits', async () => {
  const run = await unitsOfTree(0);
  const scatter = await unitsOfTree(100);
  const chain = await unitsOfTree(100, true);
  const perSubjob = (scatter.writes - run.writes) / 100;
  const perWait = (chain.writes - scatter.writes) / 99;
  console.info({ run: run.writes, perSubjob, perWait });
  expect(run.writes, JSON.stringify(run.byKey)).toBeLessThanOrEqual(20);
  expect(perSubjob, JSON.stringify(scatter.byKey)).toBeLessThanOrEqual(16);
  expect(perWait, JSON.stringify(chain.byKey)).toBeLessThanOrEqual(6);
});
