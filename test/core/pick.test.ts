// Tests which parts of the outputs of other executions are kept for references, and what is said when there are none.

import { describe, expect, it } from 'vitest';
import { deriveId } from '../../core/id/derive.ts';
import { createPicker, pick } from '../../core/reference/pick.ts';
import type { JobReference, Reference } from '../../core/reference/reference.ts';
import type { Hash } from '../../core/reference/value.ts';

const job = deriveId('job', 'u', 'pick', '1');
const other = deriveId('job', 'u', 'pick', '2');
const file = deriveId('file', 'u', 'pick', '1');
const to = (field: string, index?: number): JobReference => ({
  ...{ kind: 'job', job, field },
  ...(index !== undefined && { index }),
});
/** An array with some of its elements, as JSON cannot write it. */
const sparse = (length: number, elements: object): unknown[] => Object.assign(new Array(length), elements);
const names = Array.from({ length: 12 }, (_, index) => `f${index}`);
const wide: Hash = Object.fromEntries(names.map((name) => [name, 1]));

describe('of an output, a reference', () => {
  it.each<[title: string, JobReference[], output: Hash, kept: Hash]>([
    ['keeps its field alone', [to('a')], { a: 1, b: 2 }, { a: 1 }],
    ['keeps a field that is null', [to('a')], { a: null, b: 2 }, { a: null }],
    ['keeps its element alone, in its place', [to('a', 1)], { a: [1, 2, 3] }, { a: sparse(3, { 1: 2 }) }],
    ['keeps its element beside others', [to('a', 2), to('a', 0)], { a: [1, 2, 3] }, { a: sparse(3, { 0: 1, 2: 3 }) }],
    ['keeps the length of an array that is too short for it', [to('a', 2)], { a: [1, 2] }, { a: sparse(2, {}) }],
    [
      'to the whole array keeps all of it, before one to an element',
      [to('a'), to('a', 1)],
      { a: [1, 2] },
      { a: [1, 2] },
    ],
    [
      'to the whole array keeps all of it, after one to an element',
      [to('a', 1), to('a')],
      { a: [1, 2] },
      { a: [1, 2] },
    ],
    ['with an index into a value that is not an array keeps it', [to('a', 1)], { a: 'text' }, { a: 'text' }],
    [
      'to a field that does not exist keeps ten names',
      [to('x')],
      wide,
      Object.fromEntries(names.slice(0, 10).map((name) => [name, null])),
    ],
    ['to a missing field leaves what others keep', [to('f0'), to('x')], { f0: 1, f1: 2 }, { f0: 1, f1: null }],
    ['to an inherited name keeps no value', [to('toString')], { a: 1 }, { a: null }],
  ])('%s', (_title, references, output, kept) => {
    const picked = createPicker(references)(job, output);
    expect(picked).toStrictEqual(kept);
  });

  it('to another job or to an object keeps nothing', () => {
    const references: Reference[] = [
      { kind: 'object', object: file },
      { kind: 'job', job: other, field: 'a' },
    ];
    expect(createPicker(references)(job, { a: 1 })).toEqual({});
  });

  it('keeps 1 MiB of all outputs together, and says so from then on', () => {
    const picker = createPicker([to('a'), { kind: 'job', job: other, field: 'a' }]);
    const half = { a: 'x'.repeat(524_288 - 10) };
    expect(picker(job, half)).toEqual(half);
    expect(picker(other, half)).toEqual(half);
    expect(picker(job, half)).toBe('too large');
    expect(picker(job, { a: 1 })).toBe('too large');
  });

  it('to an element of a long array takes memory for that element only', () => {
    const references = Array.from({ length: 100 }, (_, index): JobReference => ({ ...to('a', index), job }));
    const long = { a: new Array(500_000).fill(1) };
    const before = process.memoryUsage().heapUsed;
    const kept = references.map((reference) => createPicker([reference])(job, long));
    const taken = process.memoryUsage().heapUsed - before;
    expect(kept).toHaveLength(100);
    // With a place for every element it is 400 MB.
    expect(taken).toBeLessThan(40_000_000);
    expect(pick(to('a', 7), new Map([[job, kept[7] ?? {}]]))).toEqual({ value: 1 });
  });

  it('keeps exactly 1 MiB, by the count that it makes', () => {
    // The hash, the key with its quotes and colon, and the text with its quotes and comma.
    const rest = 3 + 4 + 3;
    const kept = (bytes: number) => {
      const picker = createPicker([to('a')]);
      return [picker(job, { a: 'x'.repeat(bytes - rest) }), picker(job, {})];
    };
    expect(kept(1_048_576)[0]).not.toBe('too large');
    expect(kept(1_048_577)[0]).toBe('too large');
  });
});

describe('the value of a reference', () => {
  it.each<[title: string, JobReference, output: Hash | 'too large' | undefined, problem: string]>([
    ['of an output that is not known', to('a'), undefined, `the output of ${job} is not known, or may not be seen`],
    [
      'of an output that is too large',
      to('a'),
      'too large',
      `the outputs that are referred to, up to that of ${job}, have more than the 1048576 bytes of JSON that are allowed: pass files instead`,
    ],
    ['of an empty output', to('a'), {}, `${job} has no output field "a" (its output: empty)`],
    ['of a field that does not exist', to('a'), { b: 1, c: 2 }, `${job} has no output field "a" (its output: b, c)`],
    ['of one of many fields', to('a'), wide, `(its output: ${names.slice(0, 10).join(', ')})`],
    [
      'of an element of a text',
      to('b', 1),
      { b: 'text' },
      `output "b" of ${job} is not an array, so it has no element 1`,
    ],
    [
      'of an element at the end',
      to('b', 2),
      { b: [1, 2] },
      `output "b" of ${job} has 2 elements, so there is none at index 2`,
    ],
  ])('%s is a problem', (_title, reference, output, problem) => {
    const outputs = new Map(output === undefined ? [] : [[job, output] as const]);
    expect(pick(reference, outputs)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('may be the last element, a null, or a whole array', () => {
    const outputs = new Map([[job, { b: [1, 2], c: null }]]);
    const values = [to('b', 1), to('c'), to('b')].map((reference) => pick(reference, outputs));
    expect(values).toEqual([{ value: 2 }, { value: null }, { value: [1, 2] }]);
  });
});
