// Tests which files are grouped into one run of a batch, and which rows a batch has.

import { describe, expect, test } from 'vitest';
import { expandRows, maximumRowCount } from '../../core/batch/expand-rows.ts';
import { groupNames } from '../../core/batch/group-names.ts';
import { compileRegexp, type Regexp, usualStepBudget } from '../../core/pattern/regexp.ts';

function batches(patterns: Record<string, string>, names: readonly string[], budget = usualStepBudget) {
  const compiled = Object.entries(patterns).map(([name, text]): [string, Regexp] => {
    const regexp = compileRegexp(text);
    if ('problem' in regexp) throw new Error(regexp.problem);
    return [name, regexp];
  });
  const files = names.map((name, index) => ({ id: `file-${index}`, name }));
  return groupNames(new Map(compiled), files, { left: budget });
}

describe('grouping names', () => {
  test('uses the first group of the pattern only', () => {
    const names = ['RP10B_S1_R1_001.fastq.gz', 'RP10B_S1_R2_001.fastq.gz', 'RP10T_S5_R2_001.fastq.gz', 'other.txt'];
    expect(batches({ a: 'RP(.*)_R1_(.*).fastq.gz', b: 'RP(.*)_R2_(.*).fastq.gz' }, names)).toEqual([
      {
        batchPattern: '10B_S1',
        inputs: { a: { name: names[0], ids: ['file-0'] }, b: { name: names[1], ids: ['file-1'] } },
      },
      { batchPattern: '10T_S5', inputs: { b: { name: names[2], ids: ['file-2'] } }, error: 'no file for a' },
    ]);
  });

  test('puts the empty text last, and reports a name that several files have', () => {
    const names = ['SRR123_1.gz', 'SRR223_2.gz', 'SRR2223_2.gz', 'SRR1_1.gz', 'SRR1_1.gz'];
    const found = batches({ pair1: 'SRR1(.*)_1.gz', pair2: 'SRR2(.*)_2.gz' }, names);
    if (found === 'exhausted') throw new Error('the budget suffices');
    expect(found.map(({ batchPattern, error }) => [batchPattern, error])).toEqual([
      ['223', 'no file for pair1'],
      ['23', undefined],
      ['', 'no file for pair2; several files for pair1'],
    ]);
    expect(found[2]?.inputs).toEqual({ pair1: { name: 'SRR1_1.gz', ids: ['file-3', 'file-4'] } });
  });

  test('ends when the budget is exhausted, whatever the pattern is', () => {
    expect(batches({ a: '(.*)(.*)(.*)x' }, ['a'.repeat(500)], 1_000)).toBe('exhausted');
  });
});

describe('rows of a batch', () => {
  test.each([
    [
      { a: [1, 2] },
      { c: 3 },
      {
        rows: [
          { a: 1, c: 3 },
          { a: 2, c: 3 },
        ],
      },
    ],
    [{}, { c: 3 }, { rows: [] }],
    [{ a: [1], b: [1, 2] }, {}, { problem: expect.stringContaining('"a" 1, "b" 2') }],
    [{ a: [1] }, { a: 2 }, { problem: expect.stringContaining('a: given') }],
    [{ a: Array(maximumRowCount + 1).fill(0) }, {}, { problem: expect.stringContaining('at most') }],
  ])('are made of columns and common values, or refused (case %#)', (columns, common, expected) =>
    expect(expandRows(columns, common)).toEqual(expected),
  );
});
