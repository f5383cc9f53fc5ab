// Tests specifications, inputs and values: the faults that are reported, and the values that are filled in or
// flattened.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import { checkChoices, checkKnownValues } from '../../core/iospec/check-choices.ts';
import { checkSpecification } from '../../core/iospec/check-specification.ts';
import { checkValues } from '../../core/iospec/check-values.ts';
import { checkOutputFields, fillInput, tidy } from '../../core/iospec/fill-input.ts';
import { parameterClasses, type Specification } from '../../core/iospec/parameter.ts';

const file = deriveId('file', 'u', 'r', '1');
const record = deriveId('record', 'u', 'r', '1');
const job = deriveId('job', 'u', 'r', '2');
const link = { $dnanexus_link: file };

describe('a specification', () => {
  it('may use every class, and may hold further keys of clients', () => {
    const all = parameterClasses.map((name, index) => ({
      name: `p${index}`,
      class: name,
      label: 'x',
      unknown: { a: 1 },
    }));
    expect(checkSpecification(all, 'inputSpec')).toEqual([]);
    const rich = [
      {
        name: 'a',
        class: 'file',
        patterns: ['*.fq'],
        suggestions: [{ project: 'x' }],
        type: { $and: ['A', { $or: ['B', 'C'] }] },
      },
      { name: 'b', class: 'array:int', default: [1, [2]], choices: [1, 2], help: 'h', group: 'g', optional: true },
      { name: 'c', class: 'file', default: link, patterns: { name: ['*.fq'] } },
    ];
    expect(checkSpecification(rich, 'inputSpec')).toEqual([]);
  });

  it.each([
    ['not an array', {}, 'must be an array'],
    ['an entry that is not a hash', ['x'], 'must be a hash'],
    ['a name that begins with a digit', [{ name: '1a', class: 'int' }], '.name must match'],
    ['a name with a line break', [{ name: 'a\n', class: 'int' }], '.name must match'],
    [
      'the same name twice',
      [
        { name: 'a', class: 'int' },
        { name: 'a', class: 'int' },
      ],
      'taken',
    ],
    ['an unknown class', [{ name: 'a', class: 'integer' }], 'not "integer"'],
    ['an array of hashes', [{ name: 'a', class: 'array:hash' }], 'class must be one of'],
    ['an inherited property name as class', [{ name: 'a', class: 'constructor' }], 'class must be one of'],
    [
      'a default that refers to a job',
      [{ name: 'a', class: 'int', default: { job, field: 'f' } }],
      'not to the output',
    ],
    ['"optional" that is not a boolean', [{ name: 'a', class: 'int', optional: 'yes' }], '.optional'],
    ['an invalid type', [{ name: 'a', class: 'record', type: { $not: 'x' } }], '.type'],
    ['invalid patterns', [{ name: 'a', class: 'file', patterns: [1] }], '.patterns'],
    [
      'too many parameters',
      Array.from({ length: 1001 }, (_, index) => ({ name: `p${index}`, class: 'int' })),
      'at most 1000',
    ],
  ])('is refused: %s', (_, specification, expected) => {
    expect(checkSpecification(specification, 'inputSpec').join()).toContain(expected);
  });

  it('may have a default of another class, which is judged when it is used', () => {
    const odd = [{ name: 'a', class: 'string', default: false }] as Specification;
    expect(checkSpecification(odd, 'inputSpec')).toEqual([]);
    expect(checkValues(odd, fillInput(odd, {}).input)).toEqual(['"a" must be of class string, not boolean false']);
  });

  it('of an output may not have defaults', () => {
    expect(checkSpecification([{ name: 'a', class: 'int', default: 1 }], 'outputSpec')).toHaveLength(1);
  });

  it('can be any JSON: faults are returned, never thrown', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => Array.isArray(checkSpecification(value, 'inputSpec'))));
    const parameter = fc.dictionary(
      fc.constantFrom('name', 'class', 'default', 'type', 'choices', 'patterns'),
      fc.jsonValue(),
    );
    fc.assert(fc.property(fc.array(parameter), (value) => Array.isArray(checkSpecification(value, 'inputSpec'))));
  });
});

const specification: Specification = [
  { name: 'reads', class: 'file' },
  { name: 'count', class: 'int', default: 3, choices: [1, 2] },
  { name: 'more', class: 'array:int', optional: true },
];

describe('an input', () => {
  it('gets its defaults in the order of the specification, without absent optional fields', () => {
    const given = { reads: link };
    expect(fillInput(specification, given)).toEqual({
      given,
      input: { reads: link, count: 3 },
      problems: [],
      wishes: [],
    });
    const anything = { anything: null };
    expect(fillInput(undefined, anything)).toEqual({ given: anything, input: anything, problems: [], wishes: [] });
    expect(fillInput(specification, { reads: link, count: 99 }).problems).toEqual([]);
  });

  it('has all its unknown and missing names reported at once', () => {
    const { problems } = fillInput(specification, { x: 1, y: 2 });
    expect(problems).toEqual([
      'the executable has no input "x" (it has: reads, count, more)',
      'the executable has no input "y" (it has: reads, count, more)',
      'the input "reads" (file) is missing',
    ]);
  });

  it('is without its nulls, which count as not given', () => {
    const { given, input, problems } = fillInput(specification, { reads: null, count: null, more: null });
    expect(given).toEqual({});
    expect(input).toEqual({ count: 3 });
    expect(problems).toEqual(['the input "reads" (file) is null, and it is required']);
  });

  it('is flattened where the class is an array', () => {
    expect(tidy(specification, { more: [1, [2, [3]], []], reads: [[1]] })).toEqual({
      more: [1, 2, 3],
      reads: [[1]],
    });
  });
});

describe('choices', () => {
  const other = { $dnanexus_link: deriveId('file', 'u', 'r', '3') };
  const placed = { $dnanexus_link: { project: deriveId('project', 'u', 'r', '1'), id: file } };
  const refused: [name: string, choices: unknown[], value: unknown, problem: string][] = [
    ['string', ['fast', 'slow'], 'medium', 'the input "v" is "medium"; it must be one of "fast", "slow"'],
    ['int', [1, 2], 3, 'the input "v" is 3; it must be one of 1, 2'],
    ['float', [0.5], 0.25, 'the input "v" is 0.25; it must be one of 0.5'],
    ['boolean', [true], false, 'the input "v" is false; it must be one of true'],
    ['file', [link], other, `the input "v" is ${other.$dnanexus_link}; it must be one of ${file}`],
    ['array:string', ['a', 'b'], ['a', ['c']], 'the input "v" is "c"; it must be one of "a", "b"'],
    ['array:file', [{ name: 'genome', value: placed }], [link, other], `it must be one of ${file}`],
    ['string', Array.from({ length: 60 }, (_, index) => `c${index}`), 'x', '"c49" and 10 more'],
  ];
  it.each(refused)('of class %s, %j, exclude %j', (name, choices, value, problem) => {
    const one = [{ name: 'v', class: name, choices }] as Specification;
    expect(checkKnownValues(one, { v: value }).join()).toContain(problem);
    expect(checkChoices(one, { v: value }).join()).toContain(problem);
  });

  const allowed: [name: string, choices: unknown, value: unknown][] = [
    ['string', ['fast', 'slow'], 'slow'],
    ['file', [link], placed],
    ['file', [{ name: 'genome', value: link }], link],
    ['string', ['fast'], { job, field: 'f' }],
    ['array:string', ['fast'], [{ job, field: 'f' }, 'fast']],
    ['array:string', ['fast'], []],
    ['string', [], 'anything'],
    ['int', ['1', '2'], 3],
    ['file', [{ project: 'project-x', path: '/genome' }], other],
    ['hash', [{}], { a: 1 }],
    ['string', ['fast'], null],
  ];
  it.each(allowed)('of class %s, %j, allow %j', (name, choices, value) => {
    expect(checkKnownValues([{ name: 'v', class: name, choices }] as Specification, { v: value })).toEqual([]);
  });

  it('do not exclude the default, which the author of the executable chose', () => {
    expect(checkChoices(specification, { count: 3 })).toEqual([]);
    expect(checkChoices(specification, { count: 4 })).toHaveLength(1);
  });
});

describe('values', () => {
  const one = (name: string, type?: Specification[number]['type']) =>
    [{ name: 'v', class: name, ...given({ type }) }] as Specification;
  const good: [string, unknown][] = [
    ['int', 5],
    ['int', 5.0],
    ['float', 5.5],
    ['string', ''],
    ['boolean', false],
    ['hash', {}],
    ['file', link],
    ['file', { $dnanexus_link: { project: deriveId('project', 'u', 'r', '1'), id: file } }],
    ['array:file', [link, [link]]],
    ['array:int', []],
    ['file', { $dnanexus_link: { job, field: 'f' } }],
    ['array:int', [{ job, field: 'f' }, 2]],
    ['array:int', { job, field: 'f' }],
  ];
  it.each(good)('%s may be %j', (name, value) => expect(checkValues(one(name), { v: value })).toEqual([]));

  const bad: [string, unknown, string][] = [
    ['int', 5.5, 'class int'],
    ['int', '5', 'class int, not string "5"'],
    ['array:float', [null], 'not null'],
    ['int', 2 ** 53, 'an int is from -9007199254740991 to 9007199254740991'],
    ['string', ['a'], 'an array of 1'],
    ['boolean', 0, 'class boolean'],
    ['hash', [], 'class hash'],
    ['file', file, 'must be a link'],
    ['file', { $dnanexus_link: record }, `not to ${record}`],
    ['record', [{ $dnanexus_link: record }, { $dnanexus_link: record }], 'an array of 2'],
    ['array:int', 5, 'must be an array'],
    ['array:int', [1, ['x']], '[1] must be of class int'],
    ['file', { $dnanexus_link: 'x' }, 'not the id of a data object'],
  ];
  it.each(bad)('%s may not be %j', (name, value, expected) => {
    expect(checkValues(one(name), { v: value }).join()).toContain(expected);
  });

  it('must exist and have the required types, when the facts about objects are given', () => {
    const facts = new Map([[record, { types: ['A', 'C'] }]]);
    const value = { v: { $dnanexus_link: record } };
    expect(checkValues(one('record', 'A'), value, facts)).toEqual([]);
    expect(checkValues(one('record', { $and: ['A', { $or: ['B', 'C'] }] }), value, facts)).toEqual([]);
    expect(checkValues(one('record', { $and: ['A', 'B'] }), value, facts)[0]).toContain('(A and B); it has A, C');
    expect(checkValues(one('record'), value, new Map())[0]).toContain('could not be found');
    expect(checkValues(one('array:record'), { v: [value.v] }, new Map())[0]).toContain('could not be found');
  });

  it('of an output have undeclared and missing fields reported', () => {
    expect(
      checkOutputFields(
        [
          { name: 'a', class: 'int' },
          { name: 'b', class: 'int', optional: true },
        ],
        { c: 1 },
      ),
    ).toEqual([
      'the output has a field "c" that the executable does not declare (it declares: a, b)',
      'the output field "a" (int) is missing',
    ]);
    expect(checkOutputFields(undefined, { c: 1 })).toEqual([]);
  });
});
