// Checks the reduction of the search: on small worlds of random actors it comes to the same ends as a search of every
// order of all steps, and its rules see the same states.

import { describe, expect, test } from 'vitest';
import { createMemoryContext, seededRandom } from '../memory/context.ts';
import { type Budget, budgets, lostAnswer } from './budget.ts';
import { explore } from './explore.ts';
import * as meetings from './meeting-world.ts';
import type { World } from './replay.ts';

type Act = {
  readonly kind: 'read' | 'add' | 'set' | 'list' | 'due' | 'part';
  readonly row: string;
  readonly value: number;
};
type Plan = {
  readonly actors: readonly (readonly Act[])[];
  /** What a message about a row does. */
  readonly reactions: ReadonlyMap<string, readonly Act[]>;
};

describe.each([...budgets, lostAnswer])('when %s', (_what, budget) => {
  test.each(Array.from({ length: 5 }, (_, index) => index))(
    'random actors come to the same ends: part %i',
    async (part) => {
      for (let seed = part * 10; seed < part * 10 + 10; seed++) {
        const plan = makePlan(seededRandom(seed + 1), budget);
        const [inWhole, inReduced] = [new Set<string>(), new Set<string>()];
        const whole = await explore(() => worldOf(plan, inWhole), budget, { isWhole: true });
        const reduced = await explore(() => worldOf(plan, inReduced), budget);
        expect([seed, sorted(reduced.ends)]).toEqual([seed, sorted(whole.ends)]);
        expect([seed, sorted(inReduced)]).toEqual([seed, sorted(inWhole)]);
        expect(whole.ends.size).toBeGreaterThan(0);
      }
    },
  );
});

test.each([
  ['closedObject', meetings.closedObject],
  ['heartbeats', meetings.heartbeats],
])('the meeting %s comes to the same ends', async (_title, world) => {
  for (const [, budget] of budgets.filter(([, { doubles }]) => doubles === 0)) {
    const whole = await explore(() => world(), budget, { isWhole: true });
    const reduced = await explore(() => world(), budget);
    expect(sorted(reduced.ends)).toEqual(sorted(whole.ends));
    expect(reduced.states).toBeLessThan(whole.states);
  }
});

function makePlan(random: () => number, { doubles, answers = 0 }: Budget): Plan {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const act = (rows = names): Act => ({
    kind: pick(['read', 'add', 'add', 'set', 'list', 'due', 'part']),
    row: pick(rows),
    value: 1 + Math.floor(random() * 2),
  });
  const acts = (most: number, rows = names): Act[] =>
    Array.from({ length: 1 + Math.floor(random() * most) }, () => act(rows));
  const heard = names.filter(() => random() < 0.3).slice(0, doubles + answers > 0 ? 1 : 2);
  return {
    actors: Array.from({ length: heard.length + answers > 0 ? 2 : 3 }, () => acts(3)),
    reactions: new Map(heard.map((name) => [name, acts(2, [...names, 'd'])])),
  };
}

/** `visible` collects what the rules see. */
function worldOf({ actors, reactions }: Plan, visible: Set<string>): World {
  const context = createMemoryContext();
  const { rows } = context;
  const keyOf = (name: string) => ({ pk: `row-${name}`, sk: 'A' });
  const numberOf = (name: string): number => Number(rows.peek('executions', keyOf(name))?.value ?? 0);
  /** Every act takes what the acts before have read into account. */
  const carryOut = async (acts: readonly Act[]): Promise<void> => {
    let known = 0;
    for (const { kind, row, value } of acts) {
      const key = keyOf(row);
      if (kind === 'read') known += Number((await rows.get('executions', key))?.value ?? 0);
      else if (kind === 'list') known += (await rows.query('executions', { pk: key.pk, limit: 9 })).rows.length;
      else if (kind === 'due') known += (await rows.due(0, 9, 9)).length;
      else if (kind === 'part') await rows.put('executions', { pk: key.pk, sk: `P#${known % 2}` }, 'absent');
      else if (kind === 'set')
        await rows.put('executions', { ...key, value, openShard: 0, dueAt: 1 + (known % 2) * 9 });
      else {
        const before = Number((await rows.get('executions', key))?.value ?? 0);
        const next = { ...key, value: Math.min(3, before + value), openShard: 0, dueAt: 1 + (known % 2) * 9 };
        await rows.put('executions', next, before === 0 ? 'absent' : { value: before });
      }
    }
  };
  return {
    context,
    isPure: true,
    actors: actors.map((acts, index) => ({ name: `actor ${index}`, run: () => carryOut(acts) })),
    mailOf: ({ before, after }) => {
      const name = String(after?.pk).slice('row-'.length);
      const acts = reactions.get(name);
      // Only new rows are heard, so that worlds end. Two messages may have one name.
      if (acts === undefined || after?.sk === 'P#1' || before !== undefined) return undefined;
      return { name: `about ${name}`, deliver: () => carryOut(acts) };
    },
    takeMail: () => [],
    sees: ({ before, after }) => {
      const row = after ?? before;
      return row?.sk === 'A' && before?.value !== after?.value ? [{ key: 'rule', writes: true }] : [];
    },
    invariant: () => {
      visible.add(names.map(numberOf).join());
      return undefined;
    },
    sweep: async () => undefined,
    final: () => undefined,
  };
}

function sorted(items: Iterable<string>): string[] {
  return [...items].sort();
}

/** Messages also work on a row "d", on which only a message and its copy meet. */
const names = ['a', 'b', 'c'];
