// The row of an analysis. Workflows cannot be run yet, so none is written. Code that refers to executions can read one
// already.

import { type AnalysisRow, analysisStates } from '../../analysis/row.ts';
import type { Row } from '../../context.ts';
import { defineRow, readRow } from '../kind.ts';
import { headFields } from './head.ts';

export const analysisKind = defineRow<AnalysisRow>({
  table: 'executions',
  name: 'analysis',
  pk: '{analysis}',
  sk: 'A',
  meaning: 'The one truth about an analysis. Workflows cannot be run yet, so there is none.',
  version: 1,
  fields: {
    required: { ...headFields.required, state: analysisStates, executable: 'text' },
    optional: headFields.optional,
  },
});

/** The analysis of a row. Undefined when there is none. */
export function readAnalysis(row: Row | undefined): AnalysisRow | undefined {
  return row === undefined ? undefined : readRow(analysisKind, row);
}
