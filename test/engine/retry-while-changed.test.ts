// Tests that a change which others disturb is repeated until it is not disturbed, within a limit.

import { expect, test } from 'vitest';
import { ApiError, invalidState } from '../../core/error/api-error.ts';
import { changed, retryWhileChanged } from '../../engine/store/retry-while-changed.ts';

function givenDisturbances(count: number) {
  const calls = { count: 0 };
  const step = async () => (++calls.count > count ? 'saved' : changed);
  return { calls, step };
}

test('a disturbed step is repeated until it succeeds', async () => {
  const { calls, step } = givenDisturbances(3);
  expect(await retryWhileChanged('"x"', step)).toBe('saved');
  expect(calls.count).toBe(4);
});

test('a step that is always disturbed ends with an error that says what others change and what to do', async () => {
  const { calls, step } = givenDisturbances(Infinity);
  const error = await retryWhileChanged('the folders of x', step).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    type: 'ServiceUnavailable',
    message: 'Too many other requests are changing the folders of x at the same time. Try again in a few seconds',
  });
  expect(calls.count).toBe(20);
});

test('the caller chooses the type of the error', async () => {
  const { step } = givenDisturbances(Infinity);
  await expect(retryWhileChanged('"x"', step, invalidState)).rejects.toMatchObject({ type: 'InvalidState' });
});

test('a step that throws is not repeated', async () => {
  let count = 0;
  const step = async () => {
    count++;
    throw invalidState('closed');
  };
  await expect(retryWhileChanged('"x"', step)).rejects.toMatchObject({ message: 'closed' });
  expect(count).toBe(1);
});
