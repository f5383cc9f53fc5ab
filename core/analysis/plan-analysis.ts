// Plans an analysis: the request that each stage makes, and the rows as they will be written. Pure: everything that was
// looked up is an argument (docs/reference/api.md, "Workflows").

import { invalidInput } from '../error/api-error.ts';
import type { ExecutionPolicy } from '../executable/policy.ts';
import { overrideRequirements, type SystemRequirements } from '../executable/requirements.ts';
import { given } from '../given.ts';
import type { AnalysisId, GlobalWorkflowId, ProjectId, UserId } from '../id/identifier.ts';
import type { JobPlan } from '../job/plan.ts';
import type { EnclosingAnalysis } from '../job/row.ts';
import { type Hash, isHash } from '../reference/value.ts';
import type { RunFacts } from '../run/plan-run.ts';
import type { Refusal } from '../run/refusal.ts';
import type { RunRequest } from '../run/request.ts';
import { stageLevels } from '../workflow/order.ts';
import type { Stage, WorkflowId, WorkflowSpec } from '../workflow/workflow.ts';
import type { AnalysisPlan } from './plan.ts';
import { type AnalysisRow, newAnalysisRow } from './row.ts';
import type { AnalysisSpec, FrozenWorkflow, StagePlan } from './spec.ts';
import { exportedFields } from './stage-output.ts';

/** The fields of a workflow's run beside those of every run. */
export type StageOptions = {
  readonly stageFolders: { readonly [stage: string]: string };
  readonly stageSystemRequirements: { readonly [stage: string]: SystemRequirements };
  readonly stageExecutionPolicy: { readonly [stage: string]: ExecutionPolicy };
  /** Stages, or `*` for all. */
  readonly ignoreReuse?: readonly string[] | undefined;
};

/**
 * The folder of a stage's outputs: of the call for this stage or for all, else of the workflow, else that of the analysis.
 * A relative one is below that of the analysis.
 */
export function stageFolder({ id, folder }: Stage, options: StageOptions, ofAnalysis: string): string {
  const { stageFolders } = options;
  const wanted = ownValue(stageFolders, id) ?? ownValue(stageFolders, '*') ?? folder;
  if (wanted === null || wanted === undefined) return ofAnalysis;
  return wanted.startsWith('/') ? wanted : `${ofAnalysis === '/' ? '' : ofAnalysis}/${wanted}`;
}

/** The run of a stage's executable that the run of its workflow asks for. */
export function stageRequest(
  stage: Stage,
  request: RunRequest,
  options: StageOptions,
  { input, folder }: { readonly input: Hash; readonly folder: string },
): RunRequest {
  const asked = (request.systemRequirements ?? {}) as SystemRequirements;
  const own = ownValue(options.stageSystemRequirements, stage.id) ?? {};
  return {
    ...request,
    input,
    folder,
    name: stage.name ?? undefined,
    tags: [],
    properties: {},
    details: {},
    systemRequirements: overrideRequirements(overrideRequirements(stage.systemRequirements, asked), own),
    executionPolicy: policyOf(stage, request, options),
    ignoreReuse: options.ignoreReuse?.some((one) => one === '*' || one === stage.id),
  };
}

export type AnalysisFacts = {
  readonly id: AnalysisId;
  /** Digest of the request, without its nonce. */
  readonly digest: string;
  readonly now: number;
  readonly user: UserId;
  readonly project: ProjectId;
  readonly workflow: {
    readonly id: WorkflowId;
    readonly publishedAs?: GlobalWorkflowId;
    readonly name: string;
    readonly spec: WorkflowSpec;
  };
  readonly request: RunRequest;
  readonly options: StageOptions;
  /** The plans of the stages, parallel to the stages. */
  readonly plans: readonly (JobPlan | AnalysisPlan)[];
  /** The analysis whose stage this one is, and the stage. */
  readonly stageOf?: { readonly analysis: EnclosingAnalysis; readonly stage: string } | undefined;
  /** The job that calls. */
  readonly from?: RunFacts['from'];
};

/**
 * The row of an analysis that a call starts, without its name (`nameRow`). The rows of its stages name it, so it is made
 * before them.
 */
export function planAnalysisRow(facts: Omit<AnalysisFacts, 'plans' | 'options'>): AnalysisRow {
  const { id, now, project, user, digest, workflow } = facts;
  const maker = jobAbove(facts);
  const above =
    facts.stageOf ?? (maker && { job: maker.job, restartsAlone: maker.spec.restartableEntryPoints === 'all' });
  return newAnalysisRow({
    ...{ id, now, project, launchedBy: user, digest, executable: workflow.publishedAs ?? workflow.id, above },
    priority: priorityOf(facts),
  });
}

/** The job in whose tree the analysis begins. */
function jobAbove({ request, from }: Pick<AnalysisFacts, 'request' | 'from'>) {
  return request.detach === true ? undefined : from;
}

function priorityOf(facts: Pick<AnalysisFacts, 'request' | 'from'>): AnalysisRow['priority'] {
  return facts.request.priority ?? jobAbove(facts)?.spec.priority ?? 'normal';
}

/** The row with the name by which searches find it, instead of any other. A longer name is in the specification only. */
export function nameRow({ name: _, ...row }: AnalysisRow, { name }: Pick<AnalysisSpec, 'name'>): AnalysisRow {
  return Buffer.byteLength(name) <= rowNameByteLimit ? { ...row, name } : row;
}

/** The analysis, or the refusal: its stages wait for each other in a circle. */
export function planAnalysis(facts: AnalysisFacts): AnalysisPlan | Refusal {
  const { id, request, workflow, plans, options, from } = facts;
  const above = jobAbove(facts);
  const { stages } = workflow.spec;
  const exported = exportedFields(workflow.spec);
  if (stages.length === 0) return { refused: invalidInput(`${workflow.id} has no stages: add one with addStage`) };
  const order = stageLevels(stages);
  if ('circle' in order) return { refused: invalidInput(`the stages ${order.circle.join(', ')} wait for each other`) };
  const stagePlans = stages.map((stage, index): StagePlan => {
    const plan = plans[index];
    if (plan === undefined) throw new Error(`the stage ${stage.id} has no plan`);
    const failsAll = policyOf(stage, request, options).onNonRestartableFailure === 'failAllStages';
    return { id: stage.id, execution: plan.id, row: plan.row, level: order.levels[index] ?? 0, failsAll };
  });
  const originalInput = Object.fromEntries(
    stages.flatMap((stage, index) =>
      Object.entries(plans[index]?.spec.originalInput ?? {}).map(([name, value]) => [`${stage.id}.${name}`, value]),
    ),
  );
  return {
    id,
    row: nameRow(planAnalysisRow(facts), { name: nameOf(facts) }),
    spec: {
      runInput: request.input,
      originalInput,
      name: nameOf(facts),
      folder: request.folder,
      tags: [...new Set(request.tags)],
      properties: request.properties,
      details: request.details,
      dependsOn: request.dependsOn,
      executableName: workflow.name,
      workflow: frozen(facts),
      stages: stagePlans,
      ...given({ exported, stage: facts.stageOf?.stage }),
      priority: priorityOf(facts),
      delayWorkspaceDestruction: request.delayWorkspaceDestruction ?? above?.spec.delayWorkspaceDestruction ?? false,
      shown: request.shown,
      ...given({ ignoreReuse: options.ignoreReuse }),
      ...(above === undefined && facts.stageOf === undefined
        ? given({ detachedFrom: from?.job.pk, detachedFromTry: from?.job.try })
        : {}),
    },
    stageSpecs: new Map(plans.flatMap((plan) => ('stageSpecs' in plan ? [] : [[plan.id, plan.spec]]))),
    analyses: plans.filter((plan) => 'stageSpecs' in plan),
  };
}

function nameOf({ request, workflow }: Pick<AnalysisFacts, 'request' | 'workflow'>): string {
  return request.name ?? workflow.spec.title ?? workflow.name;
}

function policyOf({ id, executionPolicy }: Stage, request: RunRequest, options: StageOptions): ExecutionPolicy {
  const asked = isHash(request.executionPolicy) ? request.executionPolicy : {};
  return { ...executionPolicy, ...asked, ...ownValue(options.stageExecutionPolicy, id) };
}

/** The workflow as it is now. Clients show its stages beside those of the analysis. */
function frozen({ workflow: { id, name, spec }, project }: AnalysisFacts): FrozenWorkflow {
  const { lastEdit, stages, ...rest } = spec;
  return {
    id,
    class: 'workflow',
    project,
    name,
    ...rest,
    stages: stages.map((stage) => ({ ...stage, accessible: true })),
  };
}

function ownValue<Value>(values: { readonly [name: string]: Value }, name: string): Value | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}

const rowNameByteLimit = 128;
