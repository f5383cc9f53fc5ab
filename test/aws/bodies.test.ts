// Large bodies in the bucket: a save may die at any step, and a document that a row does not name is deleted once its
// reminder comes.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createBodies } from '../../aws/dynamo/bodies.ts';
import type { Bodies } from '../../core/context.ts';
import { createMemoryRows } from '../memory/rows.ts';

const sizes = { small: 10, large: 6000 } as const;
type Size = keyof typeof sizes;

/** Compression does not make this body smaller. */
function bodyOf(size: Size, seed: string): unknown {
  return Array.from({ length: sizes[size] }, (_, at) => createHash('md5').update(`${seed} ${at}`).digest('hex'));
}

/** Bodies whose saves die after this many steps. */
function givenBodies() {
  const rows = createMemoryRows();
  const bucket = new Map<string, Uint8Array>();
  const reminders: string[] = [];
  const life = { steps: Number.POSITIVE_INFINITY };
  const step = () => {
    if (life.steps-- <= 0) throw new Error('dead');
  };
  rows.hook = { before: step };
  const documents = {
    put: async (key: string, bytes: Uint8Array) => {
      step();
      bucket.set(key, bytes);
    },
    get: async (key: string) => bucket.get(key) ?? Promise.reject(new Error(`${key} is not there`)),
    remove: async (key: string) => void bucket.delete(key),
  };
  const bodies = createBodies(rows, documents, async (key) => {
    step();
    reminders.push(key);
  });
  return { bodies, rows, bucket, reminders, life };
}

type Given = ReturnType<typeof givenBodies>;

/** True when the save was completed. */
async function saveAndDie({ bodies, life }: Given, body: unknown, ifAbsent: boolean, steps: number): Promise<boolean> {
  life.steps = steps;
  const ended = await bodies.save('job-1', 'output', body, { ifAbsent }).then(
    () => true,
    () => false,
  );
  life.steps = Number.POSITIVE_INFINITY;
  return ended;
}

async function collectAll(bodies: Bodies, reminders: string[]): Promise<void> {
  for (const key of reminders.splice(0)) await bodies.collect(key);
}

const cases = (['small', 'large', undefined] as const).flatMap((first) =>
  (['small', 'large'] as const).flatMap((second) => [true, false].map((ifAbsent) => ({ first, second, ifAbsent }))),
);

describe.each(cases)('$first, then $second (only if absent: $ifAbsent)', ({ first, second, ifAbsent }) => {
  test.each([true, false])('dying at any step leaves no stray document (first one reminded of: %s)', async (early) => {
    for (let steps = 0, ended = false; !ended; steps++) {
      const given = givenBodies();
      const { bodies, rows, bucket, reminders } = given;
      if (first !== undefined) await bodies.save('job-1', 'output', bodyOf(first, 'first'));
      if (early) await collectAll(bodies, reminders);
      ended = await saveAndDie(given, bodyOf(second, 'second'), ifAbsent, steps);
      await collectAll(bodies, reminders);
      const named = rows.peek('executions', { pk: 'job-1', sk: 'O' })?.document;
      expect([...bucket.keys()], `after ${steps} steps`).toEqual(named === undefined ? [] : [named]);
      const before = first === undefined ? undefined : bodyOf(first, 'first');
      const after = ended && !(ifAbsent && first !== undefined) ? bodyOf(second, 'second') : before;
      expect(await bodies.load('job-1', 'output'), `after ${steps} steps`).toEqual(after);
    }
  });
});

test('a malformed key is reported', async () => {
  await expect(givenBodies().bodies.collect('w/container/file')).rejects.toThrow('is not the key of a body');
});
