// Starts an analysis: the run of a workflow (docs/reference/api.md, "Workflows"). It loads the facts of each stage as a run
// of that stage's executable would, and core/analysis makes the plan.

import { bindInput } from '../../core/analysis/bind-input.ts';
import type { AnalysisPlan } from '../../core/analysis/plan.ts';
import {
  type AnalysisFacts,
  planAnalysis,
  planAnalysisRow,
  type StageOptions,
  stageFolder,
  stageRequest,
} from '../../core/analysis/plan-analysis.ts';
import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import { jobsOfRun, referToOutput, stageExecution, type WorkflowOf } from '../../core/analysis/stage-output.ts';
import { invalidInput, resourceNotFound } from '../../core/error/api-error.ts';
import type { Program } from '../../core/executable/executable.ts';
import { type AnalysisId, type ExecutionId, isId, type JobId } from '../../core/id/identifier.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import { folderNames, normaliseFolder } from '../../core/run/output-folder.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { checkRequestSize, prepareInput } from '../../core/run/prepare-input.ts';
import type { ProjectContext } from '../../core/run/project-context.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { RunRequest } from '../../core/run/request.ts';
import type { Stage, StageExecutable } from '../../core/workflow/workflow.ts';
import type { Sight } from '../access/sight.ts';
import { createAnalysis } from '../analysis/birth.ts';
import { ensureFolder } from '../container/enter-folder.ts';
import { ensureProjectCache } from '../container/project-cache.ts';
import { withoutAnalyses } from '../job/refer-to-stages.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadAnalysisSpec } from '../store/save-analysis.ts';
import { fillMetadata } from './fill-metadata.ts';
import { findWanted } from './find-wanted.ts';
import { freezeApps, inStage, loadParts, type NamedWorkflow, type Parts } from './load-stages.ts';
import { identifyExecution, type Repeatable } from './repeat.ts';
import { findProject, loadCallingJob, whereaboutsOf } from './run-context.ts';

export type WorkflowCall = Repeatable & { readonly request: RunRequest; readonly options: StageOptions };

/**
 * Starts the analysis, with an execution for each stage. A call is idempotent by its nonce.
 *
 * @returns the analysis, and the executions of its stages in their order
 * @throws ApiError InvalidInput, ResourceNotFound or PermissionDenied when the caller may not run this
 */
export async function startAnalysis(
  sight: Sight,
  call: WorkflowCall,
  workflow: NamedWorkflow,
): Promise<{ readonly id: AnalysisId; readonly stages: readonly ExecutionId[] }> {
  const { context, caller } = sight;
  const identified = await identifyExecution(context, caller, call, 'analysis');
  const { id } = identified;
  if (identified.exists) return withStages(id, await loadAnalysisSpec(context, id));
  const { plan, apps } = await planCall(sight, call, workflow, identified);
  for (const app of apps) await ensureProjectCache(context, plan.row.project, app);
  // Below a job these are folders of that job's workspace, and objects make them when they come.
  const folders = foldersOf(plan);
  if (plan.row.parent === undefined)
    for (const folder of new Set(folders)) await ensureFolder(context, plan.row.project, folderNames(folder));
  return withStages(id, await createAnalysis(context, plan));
}

function foldersOf({ spec, stageSpecs, analyses }: AnalysisPlan): string[] {
  const own = [spec, ...stageSpecs.values()].map(({ folder }) => folder);
  return [...own, ...analyses.flatMap(foldersOf)];
}

function withStages(id: AnalysisId, { stages }: AnalysisSpec) {
  return { id, stages: stages.map(({ execution }) => execution) };
}

/** The analysis that `startAnalysis` would make. Nothing is made. */
export async function planWithoutStart(
  sight: Sight,
  call: WorkflowCall,
  workflow: NamedWorkflow,
): Promise<AnalysisPlan> {
  const { context, caller } = sight;
  const identified = await identifyExecution(context, caller, { ...call, nonce: undefined }, 'analysis');
  return (await planCall(sight, call, workflow, identified)).plan;
}

async function planCall(
  sight: Sight,
  call: WorkflowCall,
  named: NamedWorkflow,
  { id, digest }: { readonly id: AnalysisId; readonly digest: string },
): Promise<{ readonly plan: AnalysisPlan; readonly apps: readonly App[] }> {
  const { context } = sight;
  const request = accepted(normaliseFolder(call.request));
  const problem = checkRequestSize(request);
  if (problem !== undefined) throw invalidInput(problem);
  const project = await findProject(sight, request, named.publishedAs ?? named.id);
  const parts = await loadParts(sight, named.spec.stages, project);
  const workflow = freezeApps(named, parts.programs);
  const workflowOf = (executable: StageExecutable) => parts.workflows.get(executable)?.spec;
  const from = await loadCallingJob(sight);
  const jobs = new Set(jobsOfRun({ analysis: id, workflow: workflow.spec }, workflowOf));
  const common = { ...{ sight, project, from, digest, jobs, ...parts, workflowOf }, now: context.now() };
  const plan = await planRunOf(common, { id, workflow, request, options: call.options });
  const apps = [...new Set(parts.programs.values())].filter((program) => program.kind === 'app');
  return { plan, apps };
}

/** The facts that all stages of a call share, those of workflows among the stages included. */
type CallFacts = Parts & {
  readonly sight: Sight;
  readonly project: ProjectContext;
  readonly from: AnalysisFacts['from'];
  readonly digest: string;
  readonly now: number;
  readonly workflowOf: WorkflowOf;
  /** The jobs of all stages. They are not born yet. */
  readonly jobs: ReadonlySet<JobId>;
};
/** One run of a workflow: that of the call, or a stage. */
type RunOf = Pick<AnalysisFacts, 'id' | 'request' | 'options' | 'stageOf'> & { readonly workflow: NamedWorkflow };

async function planRunOf(call: CallFacts, { id, workflow, request, options, stageOf }: RunOf): Promise<AnalysisPlan> {
  const { sight, project, workflowOf } = call;
  const run = { analysis: id, workflow: workflow.spec };
  const bound = bindInput({
    workflow: workflow.spec,
    state: workflow.state,
    inputSpecOf: (executable) =>
      call.programs.get(executable)?.spec.inputSpec ?? workflowOf(executable)?.inputs ?? undefined,
    given: request.input,
    outputOf: (stage, field) => referToOutput(run, { stage, field }, workflowOf),
  });
  if ('problems' in bound) throw invalidInput(bound.problems);
  const facts = {
    ...{ id, digest: call.digest, now: call.now, user: sight.caller.user, project: project.id, workflow, request },
    ...{ options, stageOf, from: call.from },
  };
  const analysis = planAnalysisRow(facts);
  const plans = await mapLimited([...workflow.spec.stages.entries()], async ([index, stage]) => {
    const input = bound.inputs[index] ?? {};
    const folder = stageFolder(stage, options, request.folder);
    const one = accepted(normaliseFolder(stageRequest(stage, request, options, { input, folder })));
    const place = { analysis, stage: stage.id };
    const execution = stageExecution(run, stage);
    const below = call.workflows.get(stage.executable);
    return inStage<AnalysisPlan | JobPlan>(stage, () =>
      below !== undefined && isId(execution, 'analysis')
        ? planRunOf(call, { id: execution, workflow: below, request: one, options: optionsBelow(one), stageOf: place })
        : planStage(call, { execution, stage, request: one, stageOf: place }),
    );
  });
  return accepted(planAnalysis({ ...facts, plans }));
}

/** The options for the stages of a workflow that is a stage: the call names none of them. */
function optionsBelow({ ignoreReuse }: RunRequest): StageOptions {
  return {
    ...{ stageFolders: {}, stageSystemRequirements: {}, stageExecutionPolicy: {} },
    ...(ignoreReuse === true ? { ignoreReuse: ['*'] } : {}),
  };
}

type App = Extract<Program, { kind: 'app' }>;
type StageFacts = {
  readonly execution: ExecutionId;
  readonly stage: Stage;
  readonly request: RunRequest;
  readonly stageOf: { readonly analysis: AnalysisRow; readonly stage: string };
};

/** The plan of a stage's job, as a run of its executable would make it. */
async function planStage(call: CallFacts, { execution: id, stage, request, stageOf }: StageFacts): Promise<JobPlan> {
  const { sight, project, from, jobs } = call;
  const executable = call.programs.get(stage.executable);
  if (executable === undefined || !isId(id, 'job')) throw resourceNotFound(stage.executable);
  const asked = accepted(prepareInput(await withoutAnalyses(sight, request), executable.spec.inputSpec));
  const outside = { ...asked.wanted, jobs: asked.wanted.jobs.filter((job) => !jobs.has(job)) };
  const found = await findWanted(sight, outside, whereaboutsOf(from, request, project.id));
  const all = { ...found, jobs: new Set([...found.jobs, ...asked.wanted.jobs.filter((job) => jobs.has(job))]) };
  return accepted(
    planRun({
      ...{ id, digest: call.digest, now: call.now, request, user: sight.caller.user },
      prepared: await fillMetadata(sight.context, asked, all),
      found: all,
      from,
      executable,
      project,
      stageOf,
    }),
  );
}
