// Tests the limits of JSON values: their depth, their bytes, and the texts and numbers that no store keeps.

import { describe, expect, it } from 'vitest';
import {
  exceedsBytes,
  exceedsDepth,
  hasBrokenText,
  hasEndlessNumber,
  jsonBytes,
  maximumValueBytes,
} from '../../core/reference/value.ts';

/** Holds one text 2 ** `levels` times, in a few arrays. */
function doubled(levels: number): unknown {
  let value: unknown = 'x';
  for (let level = 0; level < levels; level++) value = [value, value];
  return value;
}

describe('the depth of a value', () => {
  it.each<[title: string, value: unknown, levels: number]>([
    ['a text', 'text', 0],
    ['nothing', undefined, 0],
    ['null', null, 0],
    ['an empty hash', {}, 0],
    ['a hash of plain values', { a: 1, b: null, c: 'x' }, 0],
    ['an array in a hash', { a: [] }, 1],
    ['the deepest of several', [1, { a: {} }, []], 2],
  ])('of %s is counted by its arrays and hashes', (_title, value, levels) => {
    expect(exceedsDepth(value, levels)).toBe(false);
    expect(exceedsDepth(value, levels - 1)).toBe(true);
  });
});

describe('the bytes of a value', () => {
  it.each<[title: string, value: unknown, bytes: number]>([
    ['a number, with its comma', 12, 3],
    ['a text, with its quotes and comma', 'ab', 5],
    ['a text in UTF-8', 'ü', 5],
    ['null', null, 5],
    ['nothing, which is written as null', undefined, 5],
    ['an empty array, with its brackets and comma', [], 3],
    ['an array, by its elements', [1, 2], 3 + 2 + 2],
    ['an array, by those elements that it has', Object.assign(new Array(9), { 4: 1 }), 3 + 2],
    ['a hash, by its keys and values', { ab: 1 }, 3 + 5 + 2],
    ['a hash, by its keys in UTF-8', { ü: null }, 3 + 5 + 5],
    ['what is nested', { a: [{}] }, 3 + 4 + 3 + 3],
  ])('are counted: %s', (_title, value, bytes) => {
    expect(jsonBytes(value, 1000)).toBe(bytes);
    expect(exceedsBytes(value, bytes)).toBe(false);
    expect(exceedsBytes(value, bytes - 1)).toBe(true);
  });

  it('are counted only up to the limit, however often a part comes again', () => {
    expect(exceedsBytes(doubled(60))).toBe(true);
    expect(exceedsBytes(doubled(10))).toBe(false);
    expect(exceedsBytes('x'.repeat(maximumValueBytes))).toBe(true);
  });
});

describe('half of a surrogate pair', () => {
  const half = '\ud83d';
  it.each<[title: string, value: unknown]>([
    ['a text', half],
    ['an element', ['x', half]],
    ['a value of a hash', { a: 'x', b: half }],
    ['a key', { a: 'x', [half]: 'x' }],
    ['a nested key', [{ a: { [half]: 1 } }]],
  ])('is found in %s', (_title, value) => {
    expect(hasBrokenText(value)).toBe(true);
  });

  it.each<[title: string, value: unknown]>([
    ['a text', 'x'],
    ['a whole pair', '😀'],
    ['no text', ''],
    ['a number', 5],
    ['null', null],
    ['nothing', undefined],
    ['an empty array', []],
    ['plain values', { a: ['x', 1, null], b: { '😀': true } }],
  ])('is not found in %s', (_title, value) => {
    expect(hasBrokenText(value)).toBe(false);
  });
});

describe('a number that JSON cannot write', () => {
  it.each<[title: string, value: unknown]>([
    ['a number', Number.POSITIVE_INFINITY],
    ['a negative number', Number.NEGATIVE_INFINITY],
    ['an element', [1, Number.POSITIVE_INFINITY]],
    ['a value of a hash', { a: 1, b: Number.POSITIVE_INFINITY }],
    ['a nested value', [{ a: [{ b: Number.POSITIVE_INFINITY }] }]],
  ])('is found in %s', (_title, value) => {
    expect(hasEndlessNumber(value)).toBe(true);
  });

  it.each<[title: string, value: unknown]>([
    ['a number', 1e300],
    ['a text', 'Infinity'],
    ['null', null],
    ['nothing', undefined],
    ['plain values', { a: [1, 'x', null], b: {} }],
  ])('is not found in %s', (_title, value) => {
    expect(hasEndlessNumber(value)).toBe(false);
  });
});
