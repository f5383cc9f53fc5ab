// Compares seeded lives of random trees with the naive oracle. The test prints its seed: SIMULATION_SEED repeats one,
// and SIMULATION_LIVES makes it longer. It ends only when every kind of event has happened at least once.

import { expect, test } from 'vitest';
import { isTerminal } from '../../core/job/state.ts';
import { seededRandom } from '../memory/context.ts';
import { jobId } from '../memory/plan.ts';
import { peekJob } from '../memory/platform.ts';
import { type Deed, expectedEndings, expectedNumber, flatten } from './oracle.ts';
import { liveRandomly, type Tally } from './random.ts';

const kinds = [
  ...['delivered', 'doubled', 'lost', 'died after a write', 'swept', 'clock jumped', 'host lost'],
  ...['born', 'claimed', 'beat', 'finished', 'failed', 'job restarted', 'tree done', 'tree failed'],
];

test('whole trees end as the oracle says, whatever happens on the way', async () => {
  const first = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000_000);
  const least = Number(process.env.SIMULATION_LIVES ?? 40);
  console.info(`SIMULATION_SEED=${first}`);
  const tally: Tally = new Map();
  for (let life = 0; life < least || kinds.some((kind) => !tally.has(kind)); life++) {
    if (life > least + 400) throw new Error(`never happened: ${kinds.filter((kind) => !tally.has(kind)).join(', ')}`);
    await live(first + life, tally);
  }
  console.info(Object.fromEntries(tally));
}, 300_000);

async function live(seed: number, tally: Tally): Promise<void> {
  const roots = growTrees(seededRandom(seed));
  const { context, problems } = await liveRandomly(seed, roots, tally);
  const at = `seed ${seed}`;
  expect(problems, at).toEqual([]);
  const all = new Map(roots.flatMap(flatten).map((deed) => [deed.name, deed]));
  const expected = expectedEndings(roots);
  for (const root of roots) {
    const row = peekJob(context, jobId(root.name));
    expect(
      `${root.name} ${row.state} ${expected.get(root.name) === row.state ? '' : (row.failureMessage ?? '')}`.trim(),
      at,
    ).toBe(`${root.name} ${expected.get(root.name)}`);
    tally.set(`tree ${row.state}`, (tally.get(`tree ${row.state}`) ?? 0) + 1);
    if (row.state !== 'done') continue;
    const body = context.bodies.peek(row.try === 0 ? row.pk : `${row.pk}#${row.try}`, 'output') as {
      output: { tree: unknown[] };
    };
    expect(
      (body.output.tree.flat(64) as number[]).reduce((sum, one) => sum + one, 0),
      at,
    ).toBe(expectedNumber(root, all));
  }
  const rows = context.rows.all('executions');
  if (rows.some(({ sk }) => sk.startsWith('T#'))) tally.set('job restarted', (tally.get('job restarted') ?? 0) + 1);
  const left = rows.filter(
    ({ sk, state, dueAt }) => sk === 'A' && (!isTerminal(state as never) || dueAt !== undefined),
  );
  expect(left, at).toEqual([]);
}

/** One to three trees, at most three deep. A root may need an earlier root, and a child may need an earlier sibling. */
function growTrees(random: () => number): Deed[] {
  const grow = (name: string, depth: number, earlier: readonly string[]): Deed => {
    const children: Deed[] = [];
    const count = depth === 0 ? 0 : Math.floor(random() * 4);
    for (let index = 0; index < count; index++) {
      children.push(
        grow(
          `${name}.${index}`,
          depth - 1,
          children.map((child) => child.name),
        ),
      );
    }
    const needs = earlier.filter(() => random() < 0.3);
    return { name, children, needs, master: random() < 0.3, fails: random() < 0.04 };
  };
  const roots: Deed[] = [];
  const count = 1 + Math.floor(random() * 3);
  for (let index = 0; index < count; index++)
    roots.push(
      grow(
        `r${index}`,
        2,
        roots.map((root) => root.name),
      ),
    );
  return roots;
}
