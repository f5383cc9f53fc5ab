// Names, tags and properties in searches: what matches, and that no pattern takes long.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdsForProperties, holdsForSet } from '../../core/pattern/boolean-tree.ts';
import { compileName, type NamePattern } from '../../core/pattern/name.ts';
import { usualStepBudget } from '../../core/pattern/regexp.ts';

function matcher(pattern: NamePattern): (name: string) => boolean | 'exhausted' {
  const compiled = compileName(pattern);
  if ('problem' in compiled) throw new Error(compiled.problem);
  return (name) => compiled.test(name, { left: usualStepBudget });
}
const globMatcher = (glob: string) => matcher({ glob });
const expressionMatcher = (regexp: string, { ignoreCase }: { ignoreCase: boolean }) =>
  matcher(ignoreCase ? { regexp, flags: 'i' } : { regexp });

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
    expect(compileName({ regexp: source })).toEqual({ problem: expect.any(String) });
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
    expect([matches('^\\D$', 'A'), matches('^[A-C]\\S$', 'bÄ'), matches('É', 'é')]).toEqual([true, true, true]);
    expect(matches('^READS', 'reads.fq')).toBe(true);
  });
});

describe('tags and properties', () => {
  it('match by boolean trees', () => {
    expect(holdsForSet('a', ['a', 'b'])).toBe(true);
    expect(holdsForSet({ $and: ['a', { $or: ['x', 'b'] }] }, ['a', 'b'])).toBe(true);
    expect(holdsForSet({ $and: ['a', 'c'] }, ['a', 'b'])).toBe(false);
    expect(holdsForSet({ $or: [] }, ['a'])).toBe(false);
    expect(holdsForProperties({ k: 'v', k2: true }, { k: 'v', k2: '' })).toBe(true);
    expect(holdsForProperties({ k: false }, { k: 'v' })).toBe(false);
    expect(holdsForProperties({ toString: true }, {})).toBe(false);
    expect(holdsForProperties({ $or: [{ k: 'x' }, { k: 'v' }] }, { k: 'v' })).toBe(true);
  });
});
