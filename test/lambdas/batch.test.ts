// Batches: each item is handled by itself, at most eight at once, and only failed items are delivered again.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { rowOfImage } from '../../aws/dynamo/stream-image.ts';
import { eachOf } from '../../lambdas/middleware/batch.ts';

describe('a batch', () => {
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('reports failed items, and handles the others all the same', async () => {
    const done: number[] = [];
    const items = Array.from({ length: 30 }, (_, index) => index);
    const result = await eachOf(items, String, async (item) => {
      if (item % 10 === 3) throw new Error(`no ${item}`);
      done.push(item);
    });
    expect(result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(['13', '23', '3']);
    expect(done).toHaveLength(27);
  });

  test('limits the number of items at once', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 40 }, (_, index) => index);
    await eachOf(items, String, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    });
    expect(most).toBe(8);
  });

  test('may be empty', async () => {
    expect(await eachOf([], String, async () => {})).toEqual({ batchItemFailures: [] });
  });
});

describe('the image of a row in a stream', () => {
  test('is the row', () => {
    const image = {
      pk: { S: 'job-x' },
      sk: { S: 'A' },
      try: { N: '2' },
      task: { NULL: true },
      tombstone: { BOOL: false },
      name: { S: '' },
      transitions: { L: [{ L: [{ S: 'done' }, { N: '17' }] }] },
      more: { M: { a: { B: 'AQL/' } } },
    };
    expect(rowOfImage(image)).toEqual({
      pk: 'job-x',
      sk: 'A',
      try: 2,
      task: null,
      tombstone: false,
      name: '',
      transitions: [['done', 17]],
      more: { a: new Uint8Array([1, 2, 255]) },
    });
  });

  test.each([[{ sk: { S: 'A' } }], [{ pk: { S: 'x' }, sk: { S: 'A' }, tags: { SS: ['a'] } }]])(
    'is refused as %j',
    (image) => {
      expect(() => rowOfImage(image as never)).toThrow('stream record');
    },
  );
});
