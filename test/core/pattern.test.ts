// Tests the patterns of name searches: globs, and regular expressions, which are compared with JavaScript's own.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileName } from '../../core/pattern/name.ts';
import { compileRegexp, matchRegexp } from '../../core/pattern/regexp.ts';

function match(pattern: string, text: string, flags = ''): (string | undefined)[] | string | undefined {
  const regexp = compileRegexp(pattern, flags);
  if ('problem' in regexp) return regexp.problem;
  const found = matchRegexp(regexp, text, { left: 1_000_000 });
  return found === 'exhausted' ? found : found?.groups;
}

function glob(pattern: string, name: string): boolean | 'exhausted' {
  const compiled = compileName({ glob: pattern });
  if ('problem' in compiled) throw new Error(compiled.problem);
  return compiled.test(name, { left: 1_000_000 });
}

describe('regular expressions', () => {
  test('capture the leftmost match, and the preferred one there', () => {
    expect(match('^RP(.*)_R1_(.*).fastq.gz$', 'RP10B_S1_R1_001.fastq.gz')).toEqual(['10B_S1', '001']);
    expect(match('(a+?)(a*)', 'xaaa')).toEqual(['a', 'aa']);
    expect(match('(?:a|ab)(c|bcd)(d*)', 'abcd')).toEqual(['bcd', '']);
    expect(match('(?P<first>x)|(y)', 'y')).toEqual([undefined, 'y']);
  });

  test('ignore the case also in a negated class', () => {
    expect(match('^[^a]$', 'A', 'i')).toBeUndefined();
    expect(match('^[a-c]+É$', 'AbCé', 'i')).toEqual([]);
    expect(match('^\\W$', 'a', 'i')).toBeUndefined();
  });

  test('are refused when they cannot be matched in linear time', () => {
    for (const pattern of [
      '(a)\\1',
      '(?=a)',
      '(?<!a)',
      'a++',
      '[[:alpha:]]',
      '(',
      ')',
      'a{3,2}',
      '*',
      '[',
      '\\',
      '[b-a]',
      'a{5000}',
    ]) {
      expect(compileRegexp(pattern), pattern).toHaveProperty('problem');
    }
    expect(compileRegexp('((a{60}){60}){60}')).toHaveProperty('problem');
    expect(compileRegexp('a', 'g')).toHaveProperty('problem');
    expect(match('(a*)*b', 'a'.repeat(1_000_000))).toBe('exhausted');
  });

  test('agree with those of JavaScript', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\w',
      '\\d',
      '(a|b)',
      '(?:ab)',
      '^',
      '$',
      '\\b',
      '(a*)',
      '(b|)',
    );
    const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '*?', '{1,2}'));
    const pattern = fc
      .array(piece, { maxLength: 5 })
      .map((pieces) => pieces.map(([one, count]) => (/^(\^|\$|\\b)$/.test(one) ? one : one + count)).join(''));
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '1', ' '), maxLength: 8 });
    fc.assert(
      fc.property(pattern, text, fc.constantFrom('', 'i'), (source, subject, flags) => {
        const expected = new RegExp(source, flags).test(subject);
        expect(match(source, subject, flags) !== undefined).toBe(expected);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('globs', () => {
  test('understand stars, question marks and escapes, and take brackets literally', () => {
    expect(glob('*.txt', 'a.txt')).toBe(true);
    expect(glob('*.txt', 'a.txt.gz')).toBe(false);
    expect(glob('s?_*', 's1_R1')).toBe(true);
    expect(glob('rec [1]', 'rec [1]')).toBe(true);
    expect(glob('a\\*b', 'a*b')).toBe(true);
    expect(glob('a\\*b', 'axb')).toBe(false);
    expect(glob('*', '')).toBe(true);
    expect(glob('?', '😀')).toBe(true);
    expect(glob(`${'*a'.repeat(900)}b`, 'a'.repeat(2_000))).toBe(false);
  });

  test('know the beginning that all their names share', () => {
    expect(compileName({ glob: 'abc*d' })).toMatchObject({ beginning: 'abc' });
    expect(compileName({ glob: 'abc' })).toMatchObject({ beginning: 'abc', exact: 'abc' });
    expect(compileName({ regexp: 'abc' })).toMatchObject({ beginning: '' });
  });
});
