// Starts an analysis: the run of a workflow (docs/reference/api.md, "Workflows"). It loads the facts of each stage as a run
// of that stage's executable would, and core/analysis makes the plan.

import { bindInput } from '../../core/analysis/bind-input.ts';
import type { AnalysisPlan } from '../../core/analysis/plan.ts';
import {
  type AnalysisFacts,
  planAnalysis,
  planAnalysisRow,
  refuseNested,
  type StageOptions,
  stageFolder,
  stageJob,
  stageRequest,
} from '../../core/analysis/plan-analysis.ts';
import type { AnalysisRow } from '../../core/analysis/row.ts';
import type { AnalysisSpec } from '../../core/analysis/spec.ts';
import { ApiError, invalidInput, resourceNotFound } from '../../core/error/api-error.ts';
import type { Program } from '../../core/executable/executable.ts';
import { type AnalysisId, type GlobalWorkflowId, isId, type JobId } from '../../core/id/identifier.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import { folderNames, normaliseFolder } from '../../core/run/output-folder.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { checkRequestSize, prepareInput } from '../../core/run/prepare-input.ts';
import { chooseProject, enterProject, type ProjectContext } from '../../core/run/project-context.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { RunRequest } from '../../core/run/request.ts';
import type { Stage, StageExecutable, WorkflowId, WorkflowSpec } from '../../core/workflow/workflow.ts';
import type { Sight } from '../access/sight.ts';
import { createAnalysis } from '../analysis/birth.ts';
import { ensureFolder } from '../container/enter-folder.ts';
import { loadProject } from '../container/project.ts';
import { ensureProjectCache } from '../container/project-cache.ts';
import { withoutAnalyses } from '../job/refer-to-stages.ts';
import { loadSpec } from '../store/load-job.ts';
import { loadObject } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';
import { loadAnalysisSpec } from '../store/save-analysis.ts';
import { fillMetadata } from './fill-metadata.ts';
import { findWanted } from './find-wanted.ts';
import { loadExecutable, type NamedExecutable, nameApp, nameApplet } from './load-executable.ts';
import { identifyExecution, type Repeatable } from './repeat.ts';

export type NamedWorkflow = {
  readonly id: WorkflowId;
  /** The global workflow that the call named. The workflow is in its resources. */
  readonly publishedAs?: GlobalWorkflowId;
  readonly name: string;
  /** The state of the workflow as a data object. */
  readonly state: string;
  readonly spec: WorkflowSpec;
};
export type WorkflowCall = Repeatable & { readonly request: RunRequest; readonly options: StageOptions };

/**
 * Starts the analysis, with a job for each stage. A call is idempotent by its nonce.
 *
 * @returns the analysis, and the jobs of its stages in their order
 * @throws ApiError InvalidInput, ResourceNotFound or PermissionDenied when the caller may not run this
 */
export async function startAnalysis(
  sight: Sight,
  call: WorkflowCall,
  workflow: NamedWorkflow,
): Promise<{ readonly id: AnalysisId; readonly stages: readonly JobId[] }> {
  const { context, caller } = sight;
  const identified = await identifyExecution(context, caller, call, 'analysis');
  const { id } = identified;
  if (identified.exists) return withStages(id, await loadAnalysisSpec(context, id));
  const { plan, apps } = await planCall(sight, call, workflow, identified);
  for (const app of apps) await ensureProjectCache(context, plan.row.project, app);
  // Below a job these are folders of that job's workspace, and objects make them when they come.
  const folders = [plan.spec.folder, ...[...plan.stageSpecs.values()].map(({ folder }) => folder)];
  if (plan.row.parent === undefined)
    for (const folder of new Set(folders)) await ensureFolder(context, plan.row.project, folderNames(folder));
  return withStages(id, await createAnalysis(context, plan));
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
  const { context, caller } = sight;
  const { stages } = named.spec;
  const request = accepted(normaliseFolder(call.request));
  const problem = checkRequestSize(request);
  if (problem !== undefined) throw invalidInput(problem);
  for (const stage of stages) {
    const refusal = refuseNested(stage);
    if (refusal !== undefined) throw refusal.refused;
  }
  const project = await findProject(sight, request, named.publishedAs ?? named.id);
  const executables = await loadExecutables(sight, stages, project);
  const workflow = freezeApps(named, executables);
  const bound = bindInput({
    workflow: workflow.spec,
    state: workflow.state,
    inputSpecOf: (executable) => executables.get(executable)?.spec.inputSpec,
    given: request.input,
    jobOf: (stage) => stageJob(id, stage, workflow.spec),
  });
  if ('problems' in bound) throw invalidInput(bound.problems);
  const from = caller.kind === 'job' ? { job: caller.job, spec: await loadSpec(context, caller.job.pk) } : undefined;
  const facts = {
    ...{ id, digest, now: context.now(), user: caller.user, project: project.id, workflow, request, from },
    options: call.options,
  };
  const analysis = planAnalysisRow(facts);
  const jobs = await mapLimited([...workflow.spec.stages.entries()], async ([index, stage]) => {
    const input = bound.inputs[index] ?? {};
    const executable = executables.get(stage.executable);
    if (executable === undefined) throw resourceNotFound(stage.executable);
    const folder = stageFolder(stage, call.options, request.folder);
    const one = accepted(normaliseFolder(stageRequest(stage, request, call.options, { input, folder })));
    return inStage(stage, () => planStage(sight, { stage, request: one, executable, project, analysis, facts }));
  });
  const apps = [...new Set(executables.values())].filter((program) => program.kind === 'app');
  return { plan: accepted(planAnalysis({ ...facts, jobs })), apps };
}

type App = Extract<Program, { kind: 'app' }>;
type StageFacts = {
  readonly stage: Stage;
  readonly request: RunRequest;
  readonly executable: Program;
  readonly project: ProjectContext;
  readonly analysis: AnalysisRow;
  readonly facts: Omit<AnalysisFacts, 'jobs'>;
};

/** The plan of a stage's job, as a run of its executable would make it. */
async function planStage(
  sight: Sight,
  { stage, request, executable, project, analysis, facts }: StageFacts,
): Promise<JobPlan> {
  const { from } = facts;
  const asked = accepted(prepareInput(await withoutAnalyses(sight, request), executable.spec.inputSpec));
  const jobOf = (id: string) => stageJob(facts.id, id, facts.workflow.spec);
  const siblings = new Set(facts.workflow.spec.stages.map(({ id }) => jobOf(id)));
  const outside = { ...asked.wanted, jobs: asked.wanted.jobs.filter((job) => !siblings.has(job)) };
  const leavesTree = from !== undefined && request.detach === true;
  const ancestors = from === undefined || leavesTree ? [] : [...from.spec.ancestors, from.job.pk];
  const where = { project: project.id, leavesWorkspace: true, leavesTree, ancestors };
  const found = await findWanted(sight, outside, where);
  const all = { ...found, jobs: new Set([...found.jobs, ...siblings]) };
  return accepted(
    planRun({
      ...{ id: jobOf(stage.id), digest: facts.digest, now: facts.now, request, user: facts.user },
      prepared: await fillMetadata(sight.context, asked, all),
      found: all,
      from,
      executable,
      project,
      stageOf: { analysis, stage: stage.id },
    }),
  );
}

/**
 * The executables of the stages, each once: by what the workflow calls them, and by their ids.
 *
 * @throws ApiError that names the stage, when the caller may not run one in the project
 */
async function loadExecutables(
  sight: Sight,
  stages: readonly Stage[],
  project: ProjectContext,
): Promise<ReadonlyMap<StageExecutable, Program>> {
  const firsts = new Map(stages.toReversed().map((stage) => [stage.executable, stage]));
  const found = await mapLimited([...firsts.values()], async (stage): Promise<[StageExecutable, Program][]> => {
    const { executable } = stage;
    return inStage(stage, async () => {
      const program = await loadExecutable(sight, await nameExecutable(sight, executable), project);
      return [
        [executable, program],
        [program.id, program],
      ];
    });
  });
  return new Map(found.flat());
}

async function nameExecutable(sight: Sight, executable: StageExecutable): Promise<NamedExecutable> {
  if (!isId(executable, 'applet')) {
    const [subject = '', alias] = executable.split('/');
    return nameApp(sight, subject, alias);
  }
  const object = await loadObject(sight.context, executable);
  const [place] = object?.placements.keys() ?? [];
  if (object === undefined || place === undefined) throw resourceNotFound(executable);
  return nameApplet(object, place);
}

/** The workflow with the ids of the apps that its stages name: their aliases may move later. */
function freezeApps(workflow: NamedWorkflow, executables: ReadonlyMap<StageExecutable, Program>): NamedWorkflow {
  const stages = workflow.spec.stages.map((stage) => {
    return { ...stage, executable: executables.get(stage.executable)?.id ?? stage.executable };
  });
  return { ...workflow, spec: { ...workflow.spec, stages } };
}

async function findProject(
  sight: Sight,
  request: RunRequest,
  workflow: WorkflowId | GlobalWorkflowId,
): Promise<ProjectContext> {
  const { context, caller } = sight;
  const { project: id } = accepted(chooseProject(caller, request));
  const [level, project] = await Promise.all([sight.levelIn(id), loadProject(context, id)]);
  return accepted(
    enterProject(caller, request, workflow, { id, level, region: project?.region, settings: project?.settings }),
  );
}

/** Names the stage whose run is refused. */
async function inStage<Result>({ id, name }: Stage, plan: () => Promise<Result>): Promise<Result> {
  try {
    return await plan();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const what = name === null ? id : `${id} ("${name}")`;
    throw new ApiError(error.type, `stage ${what}: ${error.message}`, error.details);
  }
}
