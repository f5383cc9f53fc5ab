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
 * An execution that must be a job, because only jobs have rules yet. Analyses will add a case to its callers.
 *
 * @throws Error for an analysis; none is written before workflows can be run
 */
export function expectJob(row: ExecutionRow): JobRow {
  if (isJob(row)) return row;
  throw new Error(`${row.pk} is an analysis, and this version cannot run workflows`);
}

function isJob(row: ExecutionRow): row is JobRow {
  return isId(row.pk, 'job');
}
