// Names, tags and properties in searches: what matches, and that no pattern takes long.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expressionMatcher } from '../../core/search/expression-matcher.ts';
import { readNameFilter, readPropertyFilter, readTagFilter } from '../../core/search/filter.ts';
import { globMatcher } from '../../core/search/glob.ts';

describe('globs', () => {
  it.each([
    ['*', '', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbb', false],
    ['a?c', 'abc', true],
    ['a?c', 'a😀c', true],
    ['?', '', false],
    ['\\*', '*', true],
    ['\\*', 'x', false],
    ['[ab]', 'a', false],
    ['[ab]', '[ab]', true],
    ['*.fq*z', 'x.fq.gz', true],
    ['a\\', 'a\\', true],
    ['**a**', 'bab', true],
  ])('%s on %s: %s', (glob, name, expected) => expect(globMatcher(glob)(name)).toBe(expected));

  it('match as the regular expression that they stand for', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '\\'), maxLength: 8 });
    fc.assert(
      fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 }), (glob, name) => {
        const source = glob.replace(/\\(.)|\*|\?|\\$/g, (found, escaped?: string) => {
          if (escaped !== undefined) return escaped.replace(/[*?\\]/g, '\\$&');
          return found === '*' ? '.*' : found === '?' ? '.' : '\\\\';
        });
        expect(globMatcher(glob)(name)).toBe(new RegExp(`^${source}$`, 's').test(name));
      }),
    );
  });
});

describe('regular expressions', () => {
  it.each([
    ['b', 'abc', true],
    ['^b', 'abc', false],
    ['^a.c$', 'abc', true],
    ['[^a-c]', 'abc', false],
    ['[]x]', ']', true],
    ['[a\\]-]+$', 'a]-', true],
    ['\\d{2,3}', 'a1b22', true],
    ['^\\d{2,}$', '1', false],
    ['(?:foo|bar)+?$', 'foobar', true],
    ['(?P<n>x)', 'x', true],
    ['\\bcat\\b', 'a cat.', true],
    ['\\bcat\\b', 'concat', false],
    ['a|', '', true],
    ['sample\\.fq', 'sampleXfq', false],
    ['x{', 'x{', true],
    ['^😀$', '😀', true],
  ])('%s on %s: %s', (source, name, expected) => {
    expect(expressionMatcher(source, { ignoreCase: false })(name)).toBe(expected);
  });

  it.each([
    '(?=a)',
    '(a',
    'a)',
    '[a',
    '\\1',
    '*a',
    'a**',
    '(?<!x)y',
    'a\\',
    '[z-a]',
    'a{3,2}',
    '(a{999}){999}',
    '('.repeat(30),
  ])('cannot be read: %s', (source) => {
    expect(readNameFilter({ regexp: source })).toEqual({
      problem: expect.stringContaining('regular expression that can be read'),
    });
  });

  it('agree with the engine of the language on what both can read', () => {
    const part = fc.constantFrom('a', 'b', '.', 'a*', 'b+', '(a|b)', '[ab]?', '^', '$', '(ab)*', 'a{1,2}', '(a|)b');
    const source = fc.array(part, { maxLength: 6 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(source, fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 }), (expression, name) => {
        expect(expressionMatcher(expression, { ignoreCase: false })(name)).toBe(new RegExp(expression).test(name));
      }),
      { numRuns: 500 },
    );
  });

  it('take linear time where backtracking would take for ever', () => {
    const started = performance.now();
    expect(expressionMatcher('^(a+)+$', { ignoreCase: false })(`${'a'.repeat(2000)}!`)).toBe(false);
    expect(expressionMatcher('(a|a)*(a|aa)*b', { ignoreCase: false })('a'.repeat(2000))).toBe(false);
    expect(globMatcher('*a'.repeat(200))(`${'a'.repeat(2000)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('ignore case when asked to', () => {
    const matches = (source: string, name: string) => expressionMatcher(source, { ignoreCase: true })(name);
    expect([matches('^\\D$', 'A'), matches('^[^a]$', 'A'), matches('^[A-C]\\S$', 'bÄ'), matches('É', 'é')]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    const filter = readNameFilter({ regexp: '^READS', flags: 'i' });
    expect('test' in filter && filter.test('reads.fq')).toBe(true);
  });
});

describe('tags and properties', () => {
  const tags = (filter: unknown, held: string[]) => {
    const read = readTagFilter(filter);
    return 'test' in read ? read.test(held) : read.problem;
  };
  const properties = (filter: unknown, held: { [key: string]: string }) => {
    const read = readPropertyFilter(filter);
    return 'test' in read ? read.test(held) : read.problem;
  };

  it('match by boolean trees', () => {
    expect(tags('a', ['a', 'b'])).toBe(true);
    expect(tags({ $and: ['a', { $or: ['x', 'b'] }] }, ['a', 'b'])).toBe(true);
    expect(tags({ $and: ['a', 'c'] }, ['a', 'b'])).toBe(false);
    expect(tags({ $or: [] }, ['a'])).toBe(false);
    expect(properties({ k: 'v', k2: true }, { k: 'v', k2: '' })).toBe(true);
    expect(properties({ k: false }, { k: 'v' })).toBe(false);
    expect(properties({ toString: true }, {})).toBe(false);
    expect(properties({ $or: [{ k: 'x' }, { k: 'v' }] }, { k: 'v' })).toBe(true);
    expect(properties({ $and: 'v' }, { $and: 'v' })).toBe(true);
  });

  it('tell what is wrong', () => {
    expect(tags(5, [])).toContain('be a string');
    expect(properties({ k: 5 }, {})).toContain('strings, true or false');
    const deep = Array.from({ length: 30 }).reduce<unknown>((inner) => ({ $and: [inner] }), 'a');
    expect(tags(deep, ['a'])).toContain('nest at most');
    expect(readNameFilter({ glob: 'x'.repeat(600) })).toEqual({ problem: expect.stringContaining('512') });
    expect(readNameFilter({})).toHaveProperty('problem');
  });
});
