// Tests reports that arrive twice: a worker whose connection broke repeats its report while the first one is still
// being stored.

import { expect, test } from 'vitest';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { Hash } from '../../core/reference/value.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob } from '../memory/platform.ts';

const main = jobId('main');

function outputOf(job: JobId, field: string): Hash {
  return { $dnanexus_link: { job, field } };
}

/** A running job whose output may refer to a subjob that will be done. */
async function givenRunning() {
  const context = createMemoryContext();
  const platform = createMemoryPlatform(context, async ({ row }) => {
    if (row.name === 'part') return { output: { n: 7 } };
    await createJob(context, planJob('part', { parent: row }));
    return undefined;
  });
  await createJob(context, planJob('main'));
  await platform.run();
  const row: JobRow = peekJob(context, main);
  expect(row.state).toBe('running');
  return { context, platform, row };
}

test('a report that is stored late does not overwrite the resolved output with the raw one', async () => {
  const { context, platform, row } = await givenRunning();
  const raw = { n: outputOf(jobId('part'), 'n') };
  const arrived = Promise.withResolvers<void>();
  const stored = Promise.withResolvers<void>();
  let saves = 0;
  context.bodies.hook = {
    before: async ({ name, detail }) => {
      if (name !== 'save' || detail !== `${main}/output` || saves++ > 0) return;
      arrived.resolve();
      await stored.promise;
    },
  };
  const late = finish(context, row, { output: raw });
  await arrived.promise;
  await finish(context, row, { output: raw });
  await platform.run();
  expect(peekJob(context, main).state).toBe('done');
  stored.resolve();
  expect(await late).toEqual({ state: 'done' });
  expect(context.bodies.peek(main, 'output')).toEqual({ output: { n: 7 } });
});

test('the first of two different reports of one try counts, even if its answer was lost', async () => {
  const { context, platform, row } = await givenRunning();
  context.bodies.hook = {
    after: async ({ name }) => {
      if (name === 'save') throw new Error('the function ended here');
    },
  };
  await expect(finish(context, row, { output: { n: 1 } })).rejects.toThrow('ended here');
  context.bodies.hook = {};
  await finish(context, row, { output: { n: 2 } });
  await platform.run();
  expect(peekJob(context, main).state).toBe('done');
  expect(context.bodies.peek(main, 'output')).toEqual({ output: { n: 1 } });
});
