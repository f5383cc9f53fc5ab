// Tests which hidden objects are removed together with the objects that link to them. Random graphs are compared with a
// simple form of the rule, and deep layers check that the walk visits each object once.

import { describe, expect, test } from 'vitest';
import type { ObjectId, ProjectId } from '../../core/id/identifier.ts';
import { createObject } from '../../engine/object/create.ts';
import { unreachedHidden } from '../../engine/placement/link.ts';
import { removeObjects } from '../../engine/removal/object.ts';
import { createMemoryContext, type MemoryContext, seededRandom } from '../memory/context.ts';

const place: ProjectId = `project-${'0'.repeat(24)}`;

type Graph = readonly { readonly hidden: boolean; readonly links: readonly number[] }[];

function recordId(index: number): ObjectId {
  return `record-${String(index).padStart(24, '0')}`;
}

async function givenGraph(graph: Graph): Promise<MemoryContext> {
  const context = createMemoryContext();
  for (const [index, { hidden, links }] of graph.entries()) {
    await createObject(context, {
      ...{ id: recordId(index), place, folderId: '/', name: 'r', tags: [], types: [], properties: {}, hidden },
      ...{ details: {}, links: links.map(recordId), state: 'closed', createdBy: { user: 'user-alice' }, digest: 'd' },
    });
  }
  return context;
}

/** Hidden objects that cannot be reached from a visible one by links over hidden ones. */
function unreachedOf(graph: Graph): ObjectId[] {
  const reached = new Set<number>();
  const visit = (index: number): void => {
    for (const link of graph[index]?.links ?? []) {
      if (reached.has(link) || graph[link]?.hidden !== true) continue;
      reached.add(link);
      visit(link);
    }
  };
  for (const [index, { hidden }] of graph.entries()) if (!hidden) visit(index);
  return graph.flatMap(({ hidden }, index) => (hidden && !reached.has(index) ? [recordId(index)] : []));
}

describe('hidden objects that cannot be reached from a visible one', () => {
  test('are found in random graphs, including rings', async () => {
    const seed = Number(process.env.SIMULATION_SEED ?? Date.now() % 1_000_000);
    console.info(`SIMULATION_SEED=${seed}`);
    const random = seededRandom(seed);
    let [found, kept] = [0, 0];
    for (let round = 0; round < 300; round++) {
      const size = 1 + Math.floor(random() * 9);
      const density = random() * 0.5;
      const graph = Array.from({ length: size }, () => ({
        hidden: random() < 0.8,
        links: Array.from({ length: size }, (_, link) => link).filter(() => random() < density),
      }));
      const context = await givenGraph(graph);
      const candidates = graph.flatMap(({ hidden }, index) => (hidden ? [recordId(index)] : []));
      const expected = unreachedOf(graph);
      expect(await unreachedHidden(context, place, candidates), `round ${round} of seed ${seed}`).toEqual(expected);
      found += expected.length;
      kept += candidates.length - expected.length;
    }
    expect(Math.min(found, kept)).toBeGreaterThan(50);
  });

  test.each([true, false])('cost one query each in layers of two (some held by a visible object: %s)', async (held) => {
    const layerCount = 12;
    const graph = Array.from({ length: 2 * layerCount }, (_, index) => {
      const layer = Math.floor(index / 2);
      return { hidden: true, links: layer + 1 < layerCount ? [2 * layer + 2, 2 * layer + 3] : [] };
    });
    // The lowest layer comes before the layers between.
    const top = { hidden: false, links: [0, 2 * layerCount - 1, 2 * layerCount - 2] };
    const context = await givenGraph([...graph, top, { hidden: !held, links: [2] }]);
    let queries = 0;
    context.setHook({
      before: ({ name, detail }) => {
        if (name === 'query' && detail.includes('#links')) queries++;
      },
    });
    const removed = await removeObjects(context, place, [recordId(2 * layerCount)]);
    expect(removed).toHaveLength(held ? 3 : 2 * layerCount);
    expect(queries).toBeLessThanOrEqual(2 * layerCount + 1);
  });
});
