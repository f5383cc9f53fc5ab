// The row of an execution, whichever class it has.

import type { AnalysisRow } from '../../analysis/row.ts';
import type { Key, Row } from '../../context.ts';
import { type ExecutionId, isId } from '../../id/identifier.ts';
import type { JobRow } from '../../job/row.ts';
import { readAnalysis } from './analysis.ts';
import { executionSortKey, readJob } from './job.ts';

export type ExecutionRow = JobRow | AnalysisRow;

/** The key of the row of an execution. */
export function executionKey(execution: ExecutionId): Key {
  return { pk: execution, sk: executionSortKey };
}

/** True for the key of an execution's row: the stream of the table holds rows of every kind. */
export function isExecutionKey({ pk, sk }: Key): boolean {
  return sk === executionSortKey && (pk.startsWith('job-') || pk.startsWith('analysis-'));
}

/** The execution of a row. Undefined when there is none. */
export function readExecution(row: Row | undefined): ExecutionRow | undefined {
  return row !== undefined && isId(row.pk, 'analysis') ? readAnalysis(row) : readJob(row);
}

/**
 * An execution that must be a job, because only a job can be where the row's id was found.
 *
 * @throws Error for an analysis
 */
export function expectJob(row: ExecutionRow): JobRow {
  if (isJob(row)) return row;
  throw new Error(`${row.pk} is an analysis where only a job can be`);
}

/** True for a job: the other class is the analysis. */
export function isJob(row: ExecutionRow): row is JobRow {
  return isId(row.pk, 'job');
}
