// Tests specifications, inputs and values: the faults that are reported, and the values that are filled in or
// flattened.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { deriveId } from '../../core/id/derive.ts';
import { checkSpecification } from '../../core/iospec/check-specification.ts';
import { checkValues } from '../../core/iospec/check-values.ts';
import { checkOutputFields, fillInput, flatten } from '../../core/iospec/fill-input.ts';
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
    ['a default of another class', [{ name: 'a', class: 'int', default: 'x' }], 'must be of class int'],
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
    expect(fillInput(specification, { reads: link })).toEqual({ input: { reads: link, count: 3 }, problems: [] });
    expect(fillInput(undefined, { anything: 1 })).toEqual({ input: { anything: 1 }, problems: [] });
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

  it('is flattened where the class is an array', () => {
    expect(flatten(specification, { more: [1, [2, [3]], []], reads: [[1]] })).toEqual({
      more: [1, 2, 3],
      reads: [[1]],
    });
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
    ['float', null, 'not null'],
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
