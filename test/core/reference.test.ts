// Tests that every form of reference is found, resolved and shortened at any depth, and that other values stay as they
// are.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { checkReferences, findReferences } from '../../core/reference/find.ts';
import {
  normalizeLinks,
  objectsForMetadata,
  resolveKnown,
  resolveReferences,
  resolveValues,
} from '../../core/reference/resolve.ts';
import { exceedsDepth, type Hash } from '../../core/reference/value.ts';

const file = deriveId('file', 'u', 'r', '1');
const job = deriveId('job', 'u', 'r', '2');
const analysis = deriveId('analysis', 'u', 'r', '3');
const project = deriveId('project', 'u', 'r', '4');

const forms: [string, unknown, object][] = [
  ['a short link', { $dnanexus_link: file }, { kind: 'object', object: file }],
  ['a link with a project', { $dnanexus_link: { project, id: file } }, { kind: 'object', object: file, project }],
  ['a link with an empty project', { $dnanexus_link: { project: null, id: file } }, { kind: 'object', object: file }],
  ['a JBOR', { $dnanexus_link: { job, field: 'f' } }, { kind: 'job', job, field: 'f' }],
  [
    'a JBOR with an index',
    { $dnanexus_link: { job, field: 'f', index: 2 } },
    { kind: 'job', job, field: 'f', index: 2 },
  ],
  [
    'a JBOR with metadata',
    { $dnanexus_link: { job, field: 'f', metadata: 'properties.a.b' } },
    { kind: 'job', job, field: 'f', metadata: 'properties.a.b' },
  ],
  ['a JBOR of the old form', { job, field: 'f' }, { kind: 'job', job, field: 'f' }],
  [
    'an output of an analysis',
    { $dnanexus_link: { analysis, field: 's.f' } },
    { kind: 'analysis', analysis, field: 's.f' },
  ],
  [
    'a JBOR that names a stage, which jobs do not have',
    { $dnanexus_link: { job, stage: 's', field: 'f' } },
    { kind: 'job', job, field: 'f' },
  ],
  [
    'an output of a stage of an analysis',
    { $dnanexus_link: { analysis, stage: 's', field: 'f', wasInternal: true } },
    { kind: 'analysis', analysis, field: 's.f' },
  ],
];

const noReferences: [string, unknown][] = [
  ['an id as a string', file],
  ['a hash of three keys', { job, field: 'f', more: 1 }],
  ['a job that is not an id', { job: 'me', field: 'f' }],
  ['a field that is not a string', { job, field: 1 }],
];

const malformed: [string, unknown, string][] = [
  ['a link beside another key', { $dnanexus_link: file, x: 1 }, '"$dnanexus_link" must be the only key of its hash'],
  [
    'a link to a text that is not an id',
    { $dnanexus_link: 'hello world' },
    '"hello world" is not the id of a data object',
  ],
  ['a link to a job', { $dnanexus_link: job }, `"${job}" is not the id of a data object`],
  ['a link to a number', { $dnanexus_link: 5 }, '"$dnanexus_link" must be an id or a hash'],
  ['a link to an id that is not one', { $dnanexus_link: { id: 5 } }, '5 is not the id of a data object'],
  [
    'a link with a project that is not an id',
    { $dnanexus_link: { id: file, project: 'x' } },
    '"x" is not the id of a project',
  ],
  ['a JBOR to a job that is not an id', { $dnanexus_link: { job: 'me', field: 'f' } }, '"me" is not the id of a job'],
  ['a JBOR to nothing', { $dnanexus_link: { job: undefined, field: 'f' } }, 'nothing is not the id of a job'],
  [
    'a link to an analysis that is not an id',
    { $dnanexus_link: { analysis: job, field: 'f' } },
    `"${job}" is not the id of an analysis`,
  ],
  ['a JBOR without a field', { $dnanexus_link: { job } }, `the link to ${job} must name a "field"`],
  ['a JBOR to an empty field', { $dnanexus_link: { job, field: '' } }, `the link to ${job} must name a "field"`],
  ['an analysis without a field', { $dnanexus_link: { analysis } }, `the link to ${analysis} must name a "field"`],
  [
    'a negative index',
    { $dnanexus_link: { job, field: 'f', index: -1 } },
    `"index" of the link to ${job} must be an integer from 0`,
  ],
  [
    'half an index',
    { $dnanexus_link: { job, field: 'f', index: 0.5 } },
    `"index" of the link to ${job} must be an integer from 0`,
  ],
  [
    'unknown metadata',
    { $dnanexus_link: { job, field: 'f', metadata: 'size' } },
    `"metadata" of the link to ${job} must be name, properties.<key> or details.<key>`,
  ],
  [
    'metadata in an array',
    { $dnanexus_link: { job, field: 'f', metadata: ['name'] } },
    `"metadata" of the link to ${job} must be name, properties.<key> or details.<key>`,
  ],
  [
    'a form that only workflow definitions have',
    { $dnanexus_link: { stage: 's', outputField: 'f' } },
    '"$dnanexus_link" must have "id", "job" or "analysis", not "stage", "outputField"',
  ],
  ['a link to nothing', { $dnanexus_link: {} }, '"$dnanexus_link" must have "id", "job" or "analysis", not nothing'],
  [
    'a link of many keys',
    { $dnanexus_link: { a: 1, b: 1, c: 1, d: 1, e: 1, f: 1 } },
    '"$dnanexus_link" must have "id", "job" or "analysis", not "a", "b", "c", "d", "e"',
  ],
];

describe('finding references', () => {
  it.each(forms)('finds: %s', (_, value, expected) => {
    expect(findReferences(value)).toEqual([expected]);
    expect(checkReferences(value, 'input')).toEqual([]);
  });

  it.each(noReferences)('takes for a plain value: %s', (_, value) => {
    expect(findReferences(value)).toEqual([]);
    expect(checkReferences(value, 'input')).toEqual([]);
  });

  it.each(malformed)('reports as malformed: %s', (_, value, problem) => {
    expect(findReferences({ a: [value] })).toEqual([]);
    const [found = '', ...others] = checkReferences({ a: [value] }, 'input');
    expect([found, others]).toEqual([`input.a[0]: ${problem}`, []]);
    expect(resolveReferences({ a: value }, new Map())).toEqual({ problem: found.replace('input.a[0]: ', '') });
    expect(resolveKnown({ a: value }, new Map())).toEqual({ a: value });
  });

  it('finds all references of a random value in order, and refuses endless nesting', () => {
    const leaf = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...forms).map(([, value, expected]) => ({ value, found: [expected] })) },
      {
        weight: 2,
        arbitrary: fc.oneof(fc.string(), fc.integer(), fc.constant(null)).map((value) => ({ value, found: [] })),
      },
    );
    type Planted = { readonly value: unknown; readonly found: object[] };
    const { tree } = fc.letrec<{ tree: Planted }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf as fc.Arbitrary<Planted>,
        fc.array(tie('tree'), { maxLength: 4 }).map((items) => ({
          value: items.map(({ value }) => value),
          found: items.flatMap(({ found }) => found),
        })),
        fc.array(tie('tree'), { maxLength: 4 }).map((items) => ({
          value: Object.fromEntries(items.map(({ value }, index) => [`k${index}`, value])),
          found: items.flatMap(({ found }) => found),
        })),
      ),
    }));
    fc.assert(
      fc.property(tree, ({ value, found }) => {
        expect(findReferences(value)).toEqual(found);
      }),
    );
    const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    expect(exceedsDepth(deep)).toBe(true);
    expect(checkReferences(deep, 'input')[0]).toContain('deeper than 64');
    expect(exceedsDepth({ a: [{ b: 1 }] }, 2)).toBe(false);
    expect(exceedsDepth({ a: [{ b: [] }] }, 2)).toBe(true);
  });
});

describe('resolving references', () => {
  const other = { $dnanexus_link: file };
  const outputs = new Map<typeof job | typeof analysis, Hash>([
    [job, { f: [1, other, 3], g: other, none: null, __proto__x: 1 }],
    [analysis, { 's.f': 'text' }],
  ]);
  const jbor = (field: string, more: object = {}) => ({ $dnanexus_link: { job, field, ...more } });

  it.each([
    ['a field', jbor('g'), other],
    ['an element', jbor('f', { index: 2 }), 3],
    ['references inside arrays and hashes', { a: [{ job, field: 'f' }], b: 1 }, { a: [[1, other, 3]], b: 1 }],
    ['a field of an analysis', { $dnanexus_link: { analysis, stage: 's', field: 'f' } }, 'text'],
    [
      'a link, which stays as given',
      { $dnanexus_link: { project, id: file } },
      { $dnanexus_link: { project, id: file } },
    ],
    ['the name of an object', jbor('g', { metadata: 'name' }), 'reads.fq'],
    ['a property of an object', jbor('f', { index: 1, metadata: 'properties.a.b' }), 'c'],
    ['the details of an object', jbor('g', { metadata: 'details.n' }), { deep: true }],
  ])('resolves: %s', (_, value, expected) => {
    const known = { name: 'reads.fq', properties: { 'a.b': 'c' }, details: { n: { deep: true } } };
    expect(resolveReferences(value, outputs, new Map([[file, known]]))).toEqual({ value: expected });
  });

  it.each([
    ['a field that does not exist', jbor('x'), 'no output field "x"'],
    ['a field with the name of an inherited property', jbor('toString'), 'no output field'],
    ['an index beyond the end', jbor('f', { index: 3 }), '3 elements'],
    ['an index into a scalar', jbor('g', { index: 0 }), 'not an array'],
    ['metadata of null', jbor('none', { metadata: 'name' }), 'not a data object'],
    ['metadata of a value that is not an object', jbor('f', { index: 0, metadata: 'name' }), 'not a data object'],
    ['metadata of an object that is not found', jbor('g', { metadata: 'name' }), 'could not be found'],
    ['an output that is not known', { job: deriveId('job', 'u', 'r', 'x'), field: 'f' }, 'is not known'],
  ])('reports a problem: %s', (_, value, expected) => {
    expect(resolveReferences({ a: value }, outputs)).toEqual({ problem: expect.stringContaining(expected) });
  });

  it('reports 20 problems at most', () => {
    const values = Array.from({ length: 21 }, (_, index) => jbor(`x${index}`));
    const resolved = resolveReferences(values, outputs) as { problem: string };
    expect(resolved.problem.split('; ')).toHaveLength(20);
  });

  it('shows what is known, and the rest as it was given', () => {
    const unknown = [jbor('x'), jbor('g', { metadata: 'name' }), { $dnanexus_link: { project, id: file } }];
    expect(resolveKnown([jbor('g'), ...unknown], outputs)).toEqual([other, ...unknown]);
  });

  it('gives back the values themselves when no job is referred to', () => {
    const values = { a: other, b: [1] };
    const resolved = resolveValues(values, { outputs, metadata: new Map() });
    expect('value' in resolved && resolved.value).toBe(values);
  });

  it.each([
    ['properties that an object does not have', 'properties.x'],
    ['details that are not a hash', 'details.length'],
  ])('reports a problem: %s', (_, metadata) => {
    const known = new Map([[file, { name: 'n', properties: { a: 'b' }, details: 'text' }]]);
    expect(resolveReferences(jbor('g', { metadata }), outputs, known)).toEqual({
      problem: `${file} has no "${metadata}"`,
    });
  });

  it('needs no metadata of values that are not objects, or that are linked to directly', () => {
    const values = [jbor('f', { metadata: 'name' }), jbor('f', { index: 0, metadata: 'name' }), other, jbor('g')];
    expect(objectsForMetadata(findReferences(values), outputs)).toEqual([]);
  });

  it('lists each object whose metadata is needed once', () => {
    const value = [
      jbor('g', { metadata: 'name' }),
      jbor('g', { metadata: 'details.x' }),
      jbor('g'),
      jbor('zz', { metadata: 'name' }),
    ];
    expect(objectsForMetadata(findReferences(value), outputs)).toEqual([file]);
  });

  it('does not change values without references, whatever their keys are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        expect(resolveReferences(value, new Map())).toEqual({ value });
        expect(normalizeLinks(value)).toEqual(value);
      }),
    );
    const hostile = JSON.parse('{"__proto__": {"polluted": 1}, "constructor": 2}');
    const resolved = resolveReferences(hostile, new Map()) as { value: object };
    expect(JSON.stringify(resolved.value)).toBe('{"__proto__":{"polluted":1},"constructor":2}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it('shortens links to objects, and nothing else', () => {
    const value = {
      a: [{ $dnanexus_link: { project, id: file } }],
      b: { job, field: 'f' },
      c: { $dnanexus_link: 'hello' },
    };
    expect(normalizeLinks(value)).toEqual({ a: [other], b: { job, field: 'f' }, c: { $dnanexus_link: 'hello' } });
  });
});
