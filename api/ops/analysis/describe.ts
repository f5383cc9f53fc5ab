// /analysis-xxxx/describe (docs/reference/api.md, "Workflows").

import { describeAnalysis, selectAnalysisFields } from '../../../core/analysis/analysis-fields.ts';
import type { AnalysisRow } from '../../../core/analysis/row.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import type { JobFieldRequest } from '../../../core/job/job-fields.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { type ExecutionRow, isJob } from '../../../core/row/execution/execution.ts';
import { loadAnalysisFacts } from '../../../engine/execution/analysis-facts.ts';
import type { KnownCall } from '../../route.ts';
import type { DescribeJobInput } from '../../schemas/execution.ts';
import { visibleAnalysis } from '../execution/visible.ts';
import { describeJobs } from '../job/describe.ts';

export async function describeOneAnalysis(call: KnownCall<DescribeJobInput>): Promise<Hash> {
  const { context, input } = call;
  if (input.fields !== undefined && input.io !== undefined) {
    throw invalidInput('"io" cannot be combined with "fields": list the fields instead');
  }
  return describeAnalysisRow(context, await visibleAnalysis(call), input);
}

/** The fields of an analysis. Its stages are described as their jobs describe themselves. */
async function describeAnalysisRow(context: Context, row: AnalysisRow, request: DescribeJobInput): Promise<Hash> {
  const chosen = selectAnalysisFields(request);
  const facts = await loadAnalysisFacts(context, row, chosen, (rows, what) =>
    describeRows(context, rows, what === 'stage' ? {} : { fields: failureFields }),
  );
  return describeAnalysis(facts, chosen);
}

/** The fields of each execution, parallel to the rows. */
export async function describeRows(
  context: Context,
  rows: readonly ExecutionRow[],
  request: JobFieldRequest,
): Promise<Hash[]> {
  // A job may be there several times, each time with another try.
  const described = new Map<ExecutionRow, Hash>();
  const jobs = rows.filter(isJob);
  for (const [index, one] of (await describeJobs(context, jobs, request)).entries()) {
    const row = jobs[index];
    if (row !== undefined) described.set(row, one);
  }
  for (const row of rows) if (!isJob(row)) described.set(row, await describeAnalysisRow(context, row, request));
  return rows.map((row) => described.get(row) ?? {});
}

const failureFields = {
  id: true,
  try: true,
  name: true,
  executable: true,
  executableName: true,
  function: true,
  failureReason: true,
  failureMessage: true,
};
