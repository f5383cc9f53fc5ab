// Tests that exactly one of two workers wins a race for a job. Their steps are interleaved at random, a thousand times.

import { expect, test } from 'vitest';
import { ApiError } from '../../core/error/api-error.ts';
import { workerId } from '../../core/id/worker.ts';
import { claim } from '../../engine/job/claim.ts';
import { createMemoryContext, seededRandom } from '../memory/context.ts';
import { planJob } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { givenJob } from '../simulation/world.ts';

const raceCount = 1_000;

test(`exactly one of two workers claims the job in each of ${raceCount} races`, async () => {
  const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000);
  console.info(`SIMULATION_SEED=${seed}`);
  const random = seededRandom(seed);
  const context = createMemoryContext({ seed });
  const parent = planJob('tree').row;
  const wins = { first: 0, second: 0 };
  for (let race = 0; race < raceCount; race++) {
    const row = await givenJob(context, `j${race}`, { parent, at: { state: 'runnable' } });
    const of = { job: row.pk, try: 0, launch: 0 };
    const nonce = await context.seals.seal('boot', workerId(of));
    context.setHook({ before: () => wander(Math.floor(random() * 5)) });
    const run = async (task: string) => {
      await wander(Math.floor(random() * 5));
      return claim(context, { ...of, nonce, task });
    };
    const [first, second] = await Promise.allSettled([run('first'), run('second')]);
    context.setHook({});
    expect([first.status, second.status].sort(), `race ${race} of seed ${seed}`).toEqual(['fulfilled', 'rejected']);
    const winner = first.status === 'fulfilled' ? 'first' : 'second';
    wins[winner]++;
    expect(peekJob(context, row.pk)).toMatchObject({ state: 'running', task: winner });
    const refusal =
      first.status === 'rejected' ? first.reason : second.status === 'rejected' ? second.reason : undefined;
    expect(refusal).toBeInstanceOf(ApiError);
    expect(refusal).toMatchObject({ type: 'InvalidState', details: { code: 'claimed' } });
  }
  expect(wins.first).toBeGreaterThan(50);
  expect(wins.second).toBeGreaterThan(50);
});

/** Lets others make `count` steps. */
async function wander(count: number): Promise<void> {
  for (let step = 0; step < count; step++) await Promise.resolve();
}
