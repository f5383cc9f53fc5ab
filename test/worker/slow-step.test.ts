// A step of the worker that takes long is named in the log, and a short one is not.

import { expect, it } from 'vitest';
import { sayIfSlow } from '../../worker/slow-step.ts';

it('a step is named when it takes long, and its result and its error are passed on', async () => {
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  const { promise, resolve } = Promise.withResolvers<number>();
  expect(await sayIfSlow('quick', say, Promise.resolve(1), 60_000)).toBe(1);
  const slow = sayIfSlow(
    'slow',
    (line) => {
      say(line);
      resolve(2);
    },
    promise,
    1,
  );
  expect(await slow).toBe(2);
  await expect(sayIfSlow('failed', say, Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
  expect(said).toEqual(['slow']);
});
