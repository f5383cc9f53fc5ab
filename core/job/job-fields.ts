// The fields that describing a job shows (docs/reference/api.md, "Describing a job"). The caller first asks which facts
// a selection needs, then passes them here. Pure.

import type { CallSpec } from '../execution/call-spec.ts';
import type { ExecutionId } from '../id/identifier.ts';
import { workerSize, workerSizeNote } from '../instance/worker-size.ts';
import { selectFields } from '../object/field.ts';
import type { Hash } from '../reference/value.ts';
import { heldUntil } from './hold.ts';
import { analysisOf, enclosingMaster, isMaster, isStageJob, type JobRow, jobWorkspace } from './row.ts';
import type { ExecutionSpec } from './spec.ts';

/** The metadata of one try, which can change after the job was made. */
export type JobMetadata = {
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
};
/** An execution that ended a tree, as all jobs of the tree report it. */
export type FailedExecution = Pick<JobRow, 'try' | 'failureReason' | 'failureMessage'> & {
  readonly pk: ExecutionId;
  readonly executable: string;
  /** An analysis has none. */
  readonly function?: string;
  readonly name: string;
  readonly executableName: string;
};
export type JobFacts = {
  /** The row of the try that is described. */
  readonly row: JobRow;
  readonly spec: ExecutionSpec;
  readonly metadata: JobMetadata;
  readonly region: string;
  readonly billTo: string;
  /** Resolved as far as the outputs are known. */
  readonly input?: Hash;
  /** Present for a job that is done. */
  readonly output?: Hash;
  /** The whole message, if the row has it truncated. */
  readonly failureMessage?: string;
  readonly failureFrom?: FailedExecution;
  /** True for a runnable job that waits because its user has as many workers as are allowed. */
  readonly waitsForWorker?: boolean;
  /** The number of tries that ended for each reason. */
  readonly failureCounts: { readonly [reason: string]: number };
};

export type JobFieldRequest = {
  readonly fields?: { readonly [field: string]: boolean } | undefined;
  readonly defaultFields?: boolean | undefined;
  /** False leaves out the four fields of input and output. */
  readonly io?: boolean | undefined;
};

/**
 * The fields that a describe input asks for. Without `fields` they are the default ones. `id` is shown only if it is
 * asked for or a default.
 */
export function selectJobFields({ io, ...request }: JobFieldRequest): ReadonlySet<string> {
  const chosen = selectFields(request, { defaults: defaultJobFields, switches: [] });
  if (io === false) for (const field of ioFields) chosen.delete(field);
  return chosen;
}

/** The values of the chosen fields, in the order of the table. Fields that a job does not have are left out. */
export function describeJob(facts: JobFacts, chosen: ReadonlySet<string>): Hash {
  const described: [string, unknown][] = [];
  for (const [field, value] of Object.entries({ ...shownByDefault, ...shownOnRequest })) {
    if (!chosen.has(field)) continue;
    const found = value(facts);
    if (found !== undefined) described.push([field, found]);
  }
  return Object.fromEntries(described);
}

type Field = (facts: JobFacts) => unknown;
type RunFacts = {
  readonly row: Pick<JobRow, 'project' | 'parent' | 'parentTry'>;
  readonly spec: Pick<CallSpec, 'folder' | 'shown'>;
  readonly billTo: string;
};
const shown =
  (name: string, otherwise: unknown): Field =>
  ({ spec }) =>
    spec.shown[name] ?? otherwise;
const nothing = () => null;

/** These fields tell about the call that made an execution of either class. They are in the order of the platform's answers. */
export const runFields: { readonly [field: string]: (facts: RunFacts) => unknown } = {
  project: ({ row }) => row.project,
  folder: ({ spec }) => spec.folder,
  billTo: ({ billTo }) => billTo,
  costLimit: ({ spec }) => spec.shown.costLimit ?? null,
  invoiceMetadata: nothing,
  rank: ({ spec }) => spec.shown.rank ?? 0,
  parentJob: ({ row }) => row.parent ?? null,
  parentJobTry: ({ row }) => row.parentTry ?? null,
};

/** In the order of the platform's answers. */
const shownByDefault: { readonly [field: string]: Field } = {
  id: ({ row }) => row.pk,
  class: () => 'job',
  try: ({ row }) => row.try,
  region: ({ region }) => region,
  name: ({ spec }) => spec.name,
  executableName: ({ spec }) => spec.executableName,
  executable: ({ row }) => row.executable,
  applet: ({ row }) => (row.executable.startsWith('applet-') ? row.executable : undefined),
  app: ({ row }) => (row.executable.startsWith('app-') ? row.executable : undefined),
  tags: ({ metadata }) => metadata.tags,
  properties: ({ metadata }) => metadata.properties,
  created: ({ row }) => row.created,
  modified: ({ row }) => row.modified,
  tryCreated: ({ row }) => row.tryCreated,
  ...runFields,
  originJob: ({ row }) => row.origin,
  // Clients show a job below the one that this names, so a master job names the one that encloses it.
  masterJob: ({ row }) => (isMaster(row) ? (enclosingMaster(row)?.master ?? null) : row.master),
  parentAnalysis: ({ row }) => (isStageJob(row) ? analysisOf(row) : null),
  analysis: ({ row }) => analysisOf(row) ?? null,
  stage: ({ spec }) => spec.stage ?? null,
  rootExecution: ({ row }) => row.root,
  detachedFrom: ({ spec }) => spec.detachedFrom ?? null,
  detachedFromTry: ({ spec }) => spec.detachedFromTry ?? null,
  state: ({ row }) => row.state,
  function: ({ row }) => row.function,
  workspace: ({ row }) => jobWorkspace(row),
  launchedBy: ({ row }) => row.launchedBy,
  priority: ({ spec }) => spec.priority,
  finalPriority: ({ row }) => row.priority,
  workerReuseDeadlineRunTime: () => ({ state: 'reuse-off', waitTime: -1, at: -1 }),
  dependsOn: ({ spec }) => spec.dependsOn,
  resources: ({ spec }) => spec.app?.resources,
  projectCache: ({ spec }) => spec.app?.projectCache,
  failureCounts: ({ failureCounts }) => failureCounts,
  stateTransitions: ({ row }) => row.transitions.map(([newState, setAt]) => ({ newState, setAt })),
  singleContext: shown('singleContext', false),
  ignoreReuse: ({ spec }) => spec.ignoreReuse,
  httpsApp: () => ({ enabled: false }),
  details: ({ metadata }) => metadata.details,
  systemRequirements: ({ spec }) => spec.systemRequirements,
  instanceType: ({ row }) => row.instance,
  /** Only here: why the worker is not what the instance type promises. */
  instanceTypeNote: ({ row }) => workerSizeNote(row.instance),
  executionPolicy: ({ spec }) => spec.executionPolicy,
  networkAccess: ({ spec }) => spec.access.network ?? [],
  debug: ({ spec }) => (spec.debugOn === undefined ? {} : { debugOn: spec.debugOn }),
  /** Only here: when the hold of a held job ends. */
  debugHoldUntil: ({ row }) => heldUntil(row),
  /** Only here: why a runnable job does not start. */
  waitsForWorker: ({ row, waitsForWorker }) =>
    waitsForWorker === true
      ? `${row.launchedBy} has as many workers as one user may have. This job starts when one of them is free`
      : undefined,
  startedRunning: ({ row }) => row.startedRunning,
  // Clients need startedRunning wherever they find stoppedRunning.
  stoppedRunning: ({ row }) => (row.startedRunning === undefined ? undefined : row.stoppedRunning),
  delayWorkspaceDestruction: ({ spec }) => spec.delayWorkspaceDestruction,
  preserveJobOutputs: shown('preserveJobOutputs', null),
  detailedJobMetrics: shown('detailedJobMetrics', false),
  maxTreeSpotWaitTime: shown('maxTreeSpotWaitTime', undefined),
  maxJobSpotWaitTime: shown('maxJobSpotWaitTime', undefined),
  selectedTreeTurnaroundTimeThreshold: ({ spec }) => spec.treeTurnaroundTimeThreshold,
  selectedTreeTurnaroundTimeThresholdFrom: ({ spec }) =>
    spec.treeTurnaroundTimeThreshold === undefined ? undefined : 'executable',
  timeout: ({ row }) => row.timeoutMs,
  outputReusedFrom: nothing,
  runInput: ({ spec }) => spec.runInput,
  originalInput: ({ spec }) => spec.originalInput,
  input: ({ input, spec }) => input ?? spec.originalInput,
  output: ({ output }) => output ?? null,
  failureReason: ({ row }) => row.failureReason,
  failureMessage: ({ row, failureMessage }) =>
    row.failureReason === undefined ? undefined : (failureMessage ?? row.failureMessage ?? ''),
  failureFrom: ({ failureFrom }) => (failureFrom === undefined ? undefined : describeFailed(failureFrom)),
};

function describeFailed({ pk, ...rest }: FailedExecution): Hash {
  return { id: pk, ...rest };
}

const ioFields = ['runInput', 'originalInput', 'input', 'output'] as const;
const defaultJobFields = Object.keys(shownByDefault);

const shownOnRequest: { readonly [field: string]: Field } = {
  headJobOnDemand: ({ spec }) => spec.headJobOnDemand,
  /** Connections of jobs are not watched. */
  internetUsageIPs: () => [],
  runSystemRequirements: ({ spec }) => spec.runSystemRequirements,
  runSystemRequirementsByExecutable: ({ spec }) => spec.runSystemRequirementsByExecutable,
  mergedSystemRequirementsByExecutable: ({ spec }) => spec.mergedSystemRequirementsByExecutable,
  /** The worker's real size. `shortfall` says what is less than the instance type promises. */
  instanceTypeGranted: ({ row }) => workerSize(row.instance),
};
