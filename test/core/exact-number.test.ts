// Tests which whole numbers of a JSON text are refused, because they would come back as others.

import { describe, expect, it } from 'vitest';
import { parseExactly } from '../../core/reference/exact-number.ts';

const beyond = '9007199254740993';

describe('a JSON text', () => {
  it.each([
    ['of a long number that is exact', '9007199254740992'],
    ['of a longer number that is exact', '{"n": -18014398509481984}'],
    ['of a fraction of many digits', '0.12345678901234567890'],
    ['of a number with an exponent', '1234567890123456789e3'],
    ['of a string of digits', `"${beyond}"`],
    ['of a key of digits', `{"${beyond}": true}`],
    ['of a negative zero beside a long number', '[-0, 9007199254740992]'],
    ['of short numbers', '[1, 2.5, -3]'],
    ['of everything else', '{"a": [null, true, "x", {}], "b": 12345678901234567000}'],
  ])('%s is read', (_title, text) => {
    expect(parseExactly(text)).toEqual({ value: JSON.parse(text) });
  });

  it.each([
    ['a number', beyond, `the number ${beyond} (key "") would become 9007199254740992: pass it as a string`],
    ['a negative number', `{"n": -${beyond}}`, `the number -${beyond} (key "n") would become -9007199254740992: `],
    ['an element', `{"n": [1, ${beyond}]}`, `the number ${beyond} (key "1") would become`],
    ['the first of several', `{"a": ${beyond}, "b": 9007199254740995}`, '(key "a") would become'],
    ['a number of 40 digits', `[${'1'.repeat(40)}]`, `the number ${'1'.repeat(40)} (key`],
    ['a number of 41 digits', `[${'1'.repeat(41)}]`, `the number ${'1'.repeat(40)}… (key`],
    ['a number below a long key', `{"${'k'.repeat(101)}": ${beyond}}`, `(key "${'k'.repeat(100)}") would become`],
  ])('with %s that cannot be kept is refused', (_title, text, message) => {
    expect(parseExactly(text)).toEqual({ problem: expect.stringContaining(message) });
  });

  it('that is nested too deep is left to the check of its depth', () => {
    const text = `${'['.repeat(70)}${beyond}${']'.repeat(70)}`;
    expect(parseExactly(text)).toEqual({ value: JSON.parse(text) });
    const endless = `${'['.repeat(200_000)}${beyond}${']'.repeat(200_000)}`;
    expect(parseExactly(endless)).toHaveProperty('value');
  });
});
