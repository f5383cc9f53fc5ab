// The row of an analysis.

import { type AnalysisRow, type AnalysisState, analysisStates } from '../../analysis/row.ts';
import type { AnalysisSpec } from '../../analysis/spec.ts';
import type { Row } from '../../context.ts';
import type { AnalysisId } from '../../id/identifier.ts';
import { type Fields, fieldProblem } from '../field.ts';
import { defineRow, readRow } from '../kind.ts';
import { callFields } from './call-spec.ts';
import { headFields } from './head.ts';

/** Raised when the meaning of an analysis row changes. */
const analysisRowVersion = 1;

export const analysisKind = defineRow<AnalysisRow>({
  table: 'executions',
  name: 'analysis',
  pk: '{analysis}',
  sk: 'A',
  meaning: 'The one truth about an analysis: the run of a workflow. Each change is one conditional write on its state.',
  version: analysisRowVersion,
  fields: {
    required: { ...headFields.required, state: Object.keys(analysisStates) as AnalysisState[], executable: 'text' },
    optional: headFields.optional,
  },
});

/** The analysis of a row. Undefined when there is none. */
export function readAnalysis(row: Row | undefined): AnalysisRow | undefined {
  return row === undefined ? undefined : readRow(analysisKind, row);
}

/** An analysis row in the form of the store. */
export function toAnalysisRow(analysis: AnalysisRow): Row {
  return { ...analysis, pk: analysis.pk, sk: 'A', v: analysisRowVersion };
}

/** Reads the request of an analysis. The result is undefined when there is no body. */
export function readAnalysisSpec(analysis: AnalysisId, body: unknown): AnalysisSpec | undefined {
  if (body === undefined) return undefined;
  const problem = fieldProblem(body, specFields);
  if (problem !== undefined) throw new Error(`The body ${analysis} · S of executions is malformed: ${problem}`);
  return body as AnalysisSpec;
}

const specFields: Fields<AnalysisSpec> = {
  required: { ...callFields.required, workflow: 'map', stages: { each: 'map' } },
  optional: { ...callFields.optional, exported: { each: 'map' }, stage: 'text', ignoreReuse: { each: 'text' } },
};
