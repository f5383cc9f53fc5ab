// Grows the plans of random trees.

import type { Deed } from './oracle.ts';

/** One to three trees, at most three deep. A root may need an earlier root, and a child may need an earlier sibling. */
export function growTrees(random: () => number): Deed[] {
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
    const own = { needs, master: random() < 0.3, makes: random() < 0.3, policy: pick(policies, random()) };
    return { name, children, ...own, ...(random() < 0.06 ? badEnd(random) : { ending: 'AppError', badTries: 0 }) };
  };
  const roots: Deed[] = [];
  const count = 1 + Math.floor(random() * 3);
  // Trees of one tenant may need each other. Tenants take turns.
  const earlierOf = (index: number): string[] =>
    roots.filter((_, other) => other % 2 === index % 2).map(({ name }) => name);
  for (let index = 0; index < count; index++) roots.push(grow(`r${index}`, 2, earlierOf(index)));
  return roots;
}

function badEnd(random: () => number): Pick<Deed, 'ending' | 'badTries'> {
  return { ending: pick(endings, random()), badTries: random() < 0.5 ? 1 : Number.POSITIVE_INFINITY };
}

function pick<Item>(items: readonly Item[], chance: number): Item {
  return items[Math.floor(chance * items.length)] as Item;
}

const endings = ['AppError', 'AppInternalError', 'JobTimeoutExceeded'] as const;
const policies: readonly Deed['policy'][] = [
  { restartOn: { UnresponsiveWorker: 9 } },
  { restartOn: { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 } },
  { restartOn: { '*': 1 } },
  { restartOn: { AppInternalError: 2, '*': 3 }, maxRestarts: 2 },
  { restartOn: {} },
];
