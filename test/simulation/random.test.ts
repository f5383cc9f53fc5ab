// Compares seeded lives of random trees with the naive oracle. The test prints its seed: SIMULATION_SEED repeats one,
// and SIMULATION_LIVES makes it longer. It ends only when every kind of event has happened at least once.

import { expect, test } from 'vitest';
import { kindsOfEvents, problemsOfLife } from './life.ts';
import type { Tally } from './random.ts';

test('every job of random trees ends as the oracle says, whatever happens on the way', async () => {
  const first = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000_000);
  const least = Number(process.env.SIMULATION_LIVES ?? 40);
  console.info(`SIMULATION_SEED=${first}`);
  const tally: Tally = new Map();
  for (let life = 0; life < least || kindsOfEvents.some((kind) => !tally.has(kind)); life++) {
    const missing = kindsOfEvents.filter((kind) => !tally.has(kind));
    if (life > least + 1_000) throw new Error(`never happened: ${missing.join(', ')}`);
    expect(await problemsOfLife(first + life, tally), `seed ${first + life}`).toEqual([]);
  }
  console.info(Object.fromEntries(tally));
}, 300_000);
