// Tests how the bytes of a job row are counted, and how much of a failure message stays in it.

import { describe, expect, it } from 'vitest';
import { given } from '../../core/given.ts';
import { type JobRow, jobRowByteLimit } from '../../core/job/row.ts';
import { fitFailureMessage, isMessageCut, rowBytes } from '../../core/job/size.ts';
import { planJob } from '../memory/plan.ts';

it.each<[title: string, value: unknown, bytes: number]>([
  ['a text', 'text', 4],
  ['a text in UTF-8', 'ü', 2],
  ['nothing in an empty text', '', 0],
  ['a number of one digit', 7, 2],
  ['a number of four digits', 1234, 3],
  ['a number of five digits', 12345, 4],
  ['a number without its sign and point', -1.5, 2],
  ['a truth value', true, 1],
  ['null', null, 1],
  ['an empty list', [], 3],
  ['a list with its entries', ['ab', 'c'], 3 + 1 + 2 + 1 + 1],
  ['an empty map', {}, 3],
  ['a map with its entries', { ab: 'x', c: 'y' }, 3 + 2 + 3 + 2],
  ['a list of lists', [['a', 7]], 3 + 1 + (3 + 1 + 1 + 1 + 2)],
])('the bytes of a row count %s', (_title, value, bytes) => {
  expect(rowBytes({ name: value })).toBe(4 + bytes);
  expect(rowBytes({ name: value, other: 'x', none: undefined })).toBe(4 + bytes + 6);
});

describe('the failure message of a row', () => {
  const plain: JobRow = { ...planJob('size').row, failureReason: 'AppError' };
  /** A row that has `bytes` bytes with this message. */
  function rowOf(bytes: number, failureMessage: string): JobRow {
    const row = { ...plain, failureMessage, instance: '' };
    return { ...row, instance: 'x'.repeat(bytes - rowBytes(row)) };
  }
  const message = 'm'.repeat(45);
  const cutTo = (length: number) => `${'m'.repeat(length - 1)}…`;

  it.each<[title: string, row: JobRow, expected: string | undefined]>([
    ['stays when there is none', plain, undefined],
    ['stays with 300 characters', rowOf(1_000, 'm'.repeat(300)), 'm'.repeat(300)],
    ['is cut at 300 characters', rowOf(1_000, 'm'.repeat(301)), cutTo(300)],
    ['stays when the row is full', rowOf(jobRowByteLimit, message), message],
    ['is cut by ten characters when the row has a byte too many', rowOf(jobRowByteLimit + 1, message), cutTo(35)],
    ['is cut until the row fits', rowOf(jobRowByteLimit + 9, message), cutTo(25)],
    ['keeps 16 characters, even if the row does not fit', rowOf(jobRowByteLimit + 900, message), cutTo(16)],
    ['stays when it is shorter than that', rowOf(jobRowByteLimit + 900, 'short'), 'short'],
  ])('%s', (_title, row, expected) => {
    expect(fitFailureMessage(row)).toEqual(expected === undefined ? row : { ...row, failureMessage: expected });
  });

  it('is not cut inside of a character', () => {
    const fitted = fitFailureMessage({ ...plain, failureMessage: `${'m'.repeat(298)}😀 and more` });
    expect(fitted.failureMessage).toBe(`${'m'.repeat(298)}�…`);
  });

  it.each([
    ['a whole one', 'm'.repeat(300), false],
    ['a longer one', 'm'.repeat(301), true],
    ['none', undefined, false],
  ])('is known as cut or not: %s', (_title, failureMessage, isCut) => {
    expect(isMessageCut(fitFailureMessage({ ...plain, ...given({ failureMessage }) }))).toBe(isCut);
  });
});
