// /analysis-xxxx/describe (docs/reference/api.md, "Workflows").

import { describeAnalysis, selectAnalysisFields } from '../../../core/analysis/analysis-fields.ts';
import type { AnalysisRow } from '../../../core/analysis/row.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import type { Hash } from '../../../core/reference/value.ts';
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
export async function describeAnalysisRow(
  context: Context,
  row: AnalysisRow,
  request: DescribeJobInput,
): Promise<Hash> {
  const chosen = selectAnalysisFields(request);
  const facts = await loadAnalysisFacts(context, row, chosen, (jobs, what) =>
    describeJobs(context, jobs, what === 'stage' ? {} : { fields: failureFields }),
  );
  return describeAnalysis(facts, chosen);
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
