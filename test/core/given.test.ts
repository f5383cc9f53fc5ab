// Tests that `given` leaves out undefined fields.

import { expect, expectTypeOf, test } from 'vitest';
import { given } from '../../core/given.ts';

test('undefined fields are left out, and all others stay', () => {
  const fields = given({ a: 1, b: undefined, c: null, d: '', e: false, f: 0 });
  expect(Object.keys(fields)).toEqual(['a', 'c', 'd', 'e', 'f']);
  expect(fields).toStrictEqual({ a: 1, c: null, d: '', e: false, f: 0 });
});

test('the type says which fields may be missing', () => {
  const limit = 5 as number | undefined;
  const fields = given({ name: 'x', limit });
  expectTypeOf(fields.name).toEqualTypeOf<string>();
  expectTypeOf<{ name: string; limit?: number }>().toExtend<typeof fields>();
  expect({ ...fields }).toStrictEqual({ name: 'x', limit: 5 });
});
