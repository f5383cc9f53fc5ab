// Searches the report of an output against the termination of its job: each way in which the two can take turns, with a
// death of either at any step. A job that is done has its objects in the project, and any other has left none there.

import { expect, test } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import { placementKey } from '../../core/row/objects.ts';
import { advance } from '../../engine/advance.ts';
import { createJob } from '../../engine/job/birth.ts';
import { finish } from '../../engine/job/finish.ts';
import { createObject } from '../../engine/object/create.ts';
import { terminateTree } from '../../engine/terminate.ts';
import { passTime } from '../api/given.ts';
import { createMemoryContext } from '../memory/context.ts';
import { jobId, planJob } from '../memory/plan.ts';
import { createMemoryPlatform, peekJob } from '../memory/platform.ts';
import { putProjectOfAlice } from '../memory/project.ts';
import { takeTurns } from './turns.ts';

const main = jobId('main');
const { project } = planJob('main').row;
const named: ObjectId = deriveId('record', 'test', 'record', 'named');
const companion: ObjectId = deriveId('record', 'test', 'record', 'companion');

/** A running job that has made a record, and perhaps a hidden one that it links to. */
async function givenRunning(objects: readonly ObjectId[]) {
  const context = createMemoryContext();
  await putProjectOfAlice(context);
  const platform = createMemoryPlatform(context, () => undefined);
  await createJob(context, planJob('main'));
  await platform.run();
  const row = peekJob(context, main);
  for (const id of objects.toReversed()) {
    await createObject(context, {
      ...{ id, place: jobWorkspace(row), folderId: '/', name: id, tags: [], types: [], properties: {} },
      ...{ hidden: id === companion, links: objects.filter((other) => id === named && other !== id) },
      ...{ details: {}, state: 'closed', createdBy: { user: row.launchedBy }, digest: 'd' },
    });
  }
  return { context, platform, row };
}

/** Delivers everything, and lets so much time pass that every message has come and every lost look is made up for. */
async function settle({ context, platform }: Awaited<ReturnType<typeof givenRunning>>): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await platform.run();
    await passTime(context, 1_200_000);
    await platform.sweep();
  }
  await platform.run();
}

/** A longer stride takes only some of the ways, because the calls that are longer have too many. */
const outputs: [title: string, stride: number, objects: readonly ObjectId[]][] = [
  ['a record, which is cloned in the call of the report', 1, [named]],
  ['a record with a companion, which a look clones', 4, [named, companion]],
];
test.each(outputs)(
  'an output of %s is handed over whole or taken back',
  { timeout: 120_000 },
  async (_, stride, objects) => {
    const ends = new Set<string>();
    for (const dies of [undefined, 'first', 'second'] as const) {
      for (let before = 0, whole = false; !whole; before++) {
        for (let between = 0, more = true; more; between += dies === undefined ? stride : 5 * stride) {
          const stage = await givenRunning(objects);
          const { context, row } = stage;
          const acts = {
            first: async () => {
              await finish(context, row, { output: { made: { $dnanexus_link: named } } });
              await advance(context, main);
            },
            second: async () => {
              await terminateTree(context, main, 'user-alice');
              await advance(context, main);
              await advance(context, main);
            },
          };
          const played = await takeTurns(context, acts, { before, between, dies });
          whole = played.firstWhole;
          more = !played.secondWhole;
          await settle(stage);
          const { state } = peekJob(context, main);
          const placed = objects.filter((id) => context.rows.peek('objects', placementKey(id, project)));
          const where = JSON.stringify({ before, between, dies });
          expect(`${state}: ${placed.length}`, where).toBe(
            state === 'done' ? `done: ${objects.length}` : 'terminated: 0',
          );
          const left = context.rows.all('objects').filter(({ pk }) => objects.includes(pk as ObjectId));
          if (state !== 'done') expect(left, where).toEqual([]);
          ends.add(state);
        }
      }
    }
    expect(ends).toEqual(new Set(['done', 'terminated']));
  },
);
