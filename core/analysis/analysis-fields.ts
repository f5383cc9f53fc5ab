// The fields that describing an analysis shows (docs/reference/api.md, "Workflows"). The caller first asks which facts a
// selection needs, then passes them here. Pure.

import { workspaceOfAnalysis } from '../id/workspace.ts';
import { type JobFieldRequest, type JobMetadata, runFields } from '../job/job-fields.ts';
import { selectFields } from '../object/field.ts';
import type { Hash } from '../reference/value.ts';
import { type AnalysisRow, enclosingAnalysis } from './row.ts';
import type { AnalysisSpec } from './spec.ts';

export type AnalysisFacts = {
  readonly row: AnalysisRow;
  readonly spec: AnalysisSpec;
  readonly metadata: JobMetadata;
  readonly region: string;
  readonly billTo: string;
  /** The descriptions of the stages' jobs, parallel to the stages. */
  readonly executions: readonly Hash[];
  /** Present for an analysis that is done. */
  readonly output?: Hash;
  /** The job that failed first. */
  readonly failureFrom?: Hash;
};

/** The fields that a describe input asks for, as for jobs. */
export function selectAnalysisFields({ io, ...request }: JobFieldRequest): ReadonlySet<string> {
  const chosen = selectFields(request, { defaults: Object.keys(fields), switches: [] });
  if (io === false) for (const field of ioFields) chosen.delete(field);
  return chosen;
}

/** The values of the chosen fields, in the order of the table. Fields that an analysis does not have are left out. */
export function describeAnalysis(facts: AnalysisFacts, chosen: ReadonlySet<string>): Hash {
  const described = Object.entries(fields).flatMap(([field, value]): [string, unknown][] => {
    const found = chosen.has(field) ? value(facts) : undefined;
    return found === undefined ? [] : [[field, found]];
  });
  return Object.fromEntries(described);
}

type Field = (facts: AnalysisFacts) => unknown;
const nothing: Field = () => null;
const shown =
  (name: string, otherwise: unknown): Field =>
  ({ spec }) =>
    spec.shown[name] ?? otherwise;

/** In the order of the platform's answers. Each of them is a default. */
const fields: { readonly [field: string]: Field } = {
  id: ({ row }) => row.pk,
  class: () => 'analysis',
  region: ({ region }) => region,
  name: ({ spec }) => spec.name,
  executable: ({ row }) => row.executable,
  executableName: ({ spec }) => spec.executableName,
  workflow: ({ spec }) => spec.workflow,
  stages: ({ spec, executions }) => spec.stages.map(({ id }, index) => ({ id, execution: executions[index] ?? null })),
  tags: ({ metadata }) => metadata.tags,
  properties: ({ metadata }) => metadata.properties,
  details: ({ metadata }) => metadata.details,
  created: ({ row }) => row.created,
  modified: ({ row }) => row.modified,
  ...runFields,
  parentAnalysis: ({ row }) => enclosingAnalysis(row) ?? null,
  analysis: ({ row }) => enclosingAnalysis(row) ?? null,
  stage: ({ spec }) => spec.stage ?? null,
  rootExecution: ({ row }) => row.root,
  detachedFrom: ({ spec }) => spec.detachedFrom ?? null,
  detachedFromTry: ({ spec }) => spec.detachedFromTry ?? null,
  workspace: ({ row }) => workspaceOfAnalysis(row.pk),
  launchedBy: ({ row }) => row.launchedBy,
  state: ({ row }) => row.state,
  stateTransitions: ({ row }) => row.transitions.map(([newState, setAt]) => ({ newState, setAt })),
  priority: ({ spec }) => spec.priority,
  dependsOn: ({ spec }) => spec.dependsOn,
  delayWorkspaceDestruction: ({ spec }) => spec.delayWorkspaceDestruction,
  ignoreReuse: ({ spec }) => spec.ignoreReuse ?? null,
  preserveJobOutputs: shown('preserveJobOutputs', null),
  detailedJobMetrics: shown('detailedJobMetrics', false),
  outputReusedFrom: nothing,
  runInput: ({ spec }) => spec.runInput,
  originalInput: ({ spec }) => spec.originalInput,
  input: ({ spec }) => spec.originalInput,
  output: ({ output }) => output ?? null,
  failureReason: ({ row }) => row.failureReason,
  failureMessage: ({ row }) => (row.failureReason === undefined ? undefined : (row.failureMessage ?? '')),
  failureFrom: ({ failureFrom }) => failureFrom,
};

const ioFields = ['runInput', 'originalInput', 'input', 'output'] as const;
