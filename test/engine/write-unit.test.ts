// Tests how many units a run, a subjob, a wait, and a job that waits for the number of a worker write, counted on the
// memory platform by DynamoDB's rules. A subjob of the first layout wrote 50 units, and one of a study of the present
// layout 9 (docs/reference/protocols.md, "Rows"). The worker's row is one of those that came later.

import { expect, test } from 'vitest';
import { createJob } from '../../engine/job/birth.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { byName, createMemoryPlatform, type Program } from '../memory/platform.ts';
import { countUnits } from '../memory/units.ts';

/**
 * The units that a tree with `subjobCount` subjobs writes. Each subjob waits for the one before when `chained`. By
 * default there is a number for every worker.
 */
async function unitsOfTree(
  subjobCount: number,
  { chained = false, workersPerUser = 200 } = {},
): Promise<{ writes: number; byKey: object }> {
  const context = createMemoryContext({ settings: { workersPerUser } });
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
  expect(byName(context, 'main').state).toBe('done');
  return { writes: units.writes, byKey: Object.fromEntries(units.byKey) };
}

test('a run, a subjob and a wait stay within their limits', async () => {
  const run = await unitsOfTree(0);
  const scatter = await unitsOfTree(100);
  const chain = await unitsOfTree(100, { chained: true });
  const perSubjob = (scatter.writes - run.writes) / 100;
  const perWait = (chain.writes - scatter.writes) / 99;
  const narrow = await unitsOfTree(100, { workersPerUser: 11 });
  const perQueued = (narrow.writes - scatter.writes) / 90;
  console.info({ run: run.writes, perSubjob, perWait, perQueued });
  expect(run.writes, JSON.stringify(run.byKey)).toBeLessThanOrEqual(11);
  expect(perSubjob, JSON.stringify(scatter.byKey)).toBeLessThanOrEqual(11.2);
  expect(perWait, JSON.stringify(chain.byKey)).toBeLessThanOrEqual(4);
  // Two for the row in the queue. The subjobs then end one after another, so that the wait of their parent moves on.
  expect(perQueued, JSON.stringify(narrow.byKey)).toBeLessThanOrEqual(4);
});
