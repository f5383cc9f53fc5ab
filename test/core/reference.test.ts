// Every form of reference, at any depth: found, resolved, brought to the short form; nothing else is touched.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { checkReferences, findReferences } from '../../core/reference/find.ts';
import { normalizeLinks, objectsForMetadata, resolveReferences } from '../../core/reference/resolve.ts';
import { exceedsDepth, type Hash } from '../../core/reference/value.ts';

const file = deriveId('file', 'u', 'r', '1');
const job = deriveId('job', 'u', 'r', '2');
const analysis = deriveId('analysis', 'u', 'r', '3');
const project = deriveId('project', 'u', 'r', '4');

const forms: [string, unknown, object][] = [
  ['short link', { $dnanexus_link: file }, { kind: 'object', object: file }],
  ['link with project', { $dnanexus_link: { project, id: file } }, { kind: 'object', object: file, project }],
  ['link with empty project', { $dnanexus_link: { project: null, id: file } }, { kind: 'object', object: file }],
  ['JBOR', { $dnanexus_link: { job, field: 'f' } }, { kind: 'job', job, field: 'f' }],
  ['JBOR with index', { $dnanexus_link: { job, field: 'f', index: 2 } }, { kind: 'job', job, field: 'f', index: 2 }],
  [
    'JBOR with metadata',
    { $dnanexus_link: { job, field: 'f', metadata: 'properties.a.b' } },
    { kind: 'job', job, field: 'f', metadata: 'properties.a.b' },
  ],
  ['legacy JBOR', { job, field: 'f' }, { kind: 'job', job, field: 'f' }],
  ['analysis', { $dnanexus_link: { analysis, field: 's.f' } }, { kind: 'analysis', analysis, field: 's.f' }],
  [
    'analysis with stage',
    { $dnanexus_link: { analysis, stage: 's', field: 'f', wasInternal: true } },
    { kind: 'analysis', analysis, field: 's.f' },
  ],
];

const noReferences: [string, unknown][] = [
  ['an id as a string', file],
  ['three keys', { job, field: 'f', more: 1 }],
  ['no job id', { job: 'me', field: 'f' }],
  ['field no string', { job, field: 1 }],
];

const malformed: [string, unknown][] = [
  ['another key beside', { $dnanexus_link: file, x: 1 }],
  ['no id', { $dnanexus_link: 'hello world' }],
  ['a job as object', { $dnanexus_link: job }],
  ['a number', { $dnanexus_link: 5 }],
  ['bad project', { $dnanexus_link: { id: file, project: 'x' } }],
  ['no field', { $dnanexus_link: { job } }],
  ['negative index', { $dnanexus_link: { job, field: 'f', index: -1 } }],
  ['unknown metadata', { $dnanexus_link: { job, field: 'f', metadata: 'size' } }],
  ['a form of workflow definitions', { $dnanexus_link: { stage: 's', outputField: 'f' } }],
];

describe('finding references', () => {
  it.each(forms)('%s', (_, value, expected) => {
    expect(findReferences(value)).toEqual([expected]);
    expect(checkReferences(value, 'input')).toEqual([]);
  });

  it.each(noReferences)('not: %s', (_, value) => {
    expect(findReferences(value)).toEqual([]);
    expect(checkReferences(value, 'input')).toEqual([]);
  });

  it.each(malformed)('malformed: %s', (_, value) => {
    expect(findReferences({ a: [value] })).toEqual([]);
    expect(checkReferences({ a: [value] }, 'input')).toEqual([expect.stringMatching(/^input\.a\[0\]: /)]);
  });

  it('finds what was planted anywhere, in order, and refuses endless nesting', () => {
    const leaf = fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...forms).map(([, value, expected]) => ({ value, found: [expected] })) },
      {
        weight: 2,
        arbitrary: fc.oneof(fc.string(), fc.integer(), fc.constant(null)).map((value) => ({ value, found: [] })),
      },
    );
    type Planted = { value: unknown; found: object[] };
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
    [job, { f: [1, other, 3], g: other, __proto__x: 1 }],
    [analysis, { 's.f': 'text' }],
  ]);
  const jbor = (field: string, more: object = {}) => ({ $dnanexus_link: { job, field, ...more } });

  it.each([
    ['a field', jbor('g'), other],
    ['an element', jbor('f', { index: 2 }), 3],
    ['nested', { a: [{ job, field: 'f' }], b: 1 }, { a: [[1, other, 3]], b: 1 }],
    ['an analysis', { $dnanexus_link: { analysis, stage: 's', field: 'f' } }, 'text'],
    ['links stay as given', { $dnanexus_link: { project, id: file } }, { $dnanexus_link: { project, id: file } }],
    ['name', jbor('g', { metadata: 'name' }), 'reads.fq'],
    ['property', jbor('f', { index: 1, metadata: 'properties.a.b' }), 'c'],
    ['details', jbor('g', { metadata: 'details.n' }), { deep: true }],
  ])('%s', (_, value, expected) => {
    const known = { name: 'reads.fq', properties: { 'a.b': 'c' }, details: { n: { deep: true } } };
    expect(resolveReferences(value, outputs, new Map([[file, known]]))).toEqual({ value: expected });
  });

  it.each([
    ['no such field', jbor('x'), 'no output field "x"'],
    ['an inherited name is no field', jbor('toString'), 'no output field'],
    ['index beyond the end', jbor('f', { index: 3 }), '3 elements'],
    ['index of a scalar', jbor('g', { index: 0 }), 'not an array'],
    ['metadata of no object', jbor('f', { index: 0, metadata: 'name' }), 'not a data object'],
    ['metadata of an unknown object', jbor('g', { metadata: 'name' }), 'could not be found'],
    ['unknown output', { job: deriveId('job', 'u', 'r', 'x'), field: 'f' }, 'is not known'],
  ])('problem: %s', (_, value, expected) => {
    expect(resolveReferences({ a: value }, outputs)).toEqual({ problem: expect.stringContaining(expected) });
  });

  it('names the objects whose metadata it needs, once', () => {
    const value = [
      jbor('g', { metadata: 'name' }),
      jbor('g', { metadata: 'details.x' }),
      jbor('g'),
      jbor('zz', { metadata: 'name' }),
    ];
    expect(objectsForMetadata(findReferences(value), outputs)).toEqual([file]);
  });

  it('leaves values without references as they are, whatever their keys', () => {
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

  it('shortens object links only', () => {
    const value = {
      a: [{ $dnanexus_link: { project, id: file } }],
      b: { job, field: 'f' },
      c: { $dnanexus_link: 'hello' },
    };
    expect(normalizeLinks(value)).toEqual({ a: [other], b: { job, field: 'f' }, c: { $dnanexus_link: 'hello' } });
  });
});
