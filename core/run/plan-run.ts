// Plans the master job for a run of a program: the job row and its body as they will be written. Pure: everything that
// was looked up is an argument (docs/reference/api.md, "Running an executable" to "Running from inside a job").

import { invalidInput, invalidState } from '../error/api-error.ts';
import { type AppletSpec, runnableInterpreters } from '../executable/applet.ts';
import { executableNames, type Program, programPins } from '../executable/executable.ts';
import {
  checkExecutionPolicy,
  checkTimeoutPolicy,
  type ExecutionPolicy,
  effectiveExecutionPolicy,
  effectiveTimeoutPolicy,
  type TimeoutPolicy,
  timeoutMs,
} from '../executable/policy.ts';
import type { Pin } from '../execution/pin.ts';
import { given } from '../given.ts';
import type { JobId, ProjectId, UserId } from '../id/identifier.ts';
import { projectCacheId } from '../id/project-cache.ts';
import { defaultInstance } from '../instance/instance-types.ts';
import { checkDebug, readDebug } from '../job/hold.ts';
import type { JobPlan } from '../job/plan.ts';
import { firstPriority } from '../job/restart.ts';
import { type EnclosingAnalysis, type JobRow, newJobRow } from '../job/row.ts';
import type { ExecutionSpec } from '../job/spec.ts';
import { isHash } from '../reference/value.ts';
import { planMachine } from './machine.ts';
import { planAccess } from './plan-access.ts';
import { type PreparedInput, recordRequest } from './prepare-input.ts';
import type { ProjectContext } from './project-context.ts';
import type { Refusal } from './refusal.ts';
import { maximumJobDepth, type RunRequest } from './request.ts';
import { type FoundReferences, planWaits } from './waits.ts';

export type RunFacts = {
  readonly id: JobId;
  /** Digest of the request, without its nonce. */
  readonly digest: string;
  readonly now: number;
  readonly request: RunRequest;
  readonly prepared: PreparedInput;
  readonly found: FoundReferences;
  readonly user: UserId;
  /** The calling job, if a job calls. */
  readonly from?: CallingJob | undefined;
  readonly executable: Program;
  readonly project: ProjectContext;
  /** The analysis whose stage the job is, and the stage. */
  readonly stageOf?: { readonly analysis: EnclosingAnalysis; readonly stage: string } | undefined;
};
type CallingJob = { readonly job: JobRow; readonly spec: ExecutionSpec };

/** The job, or the refusal: InvalidInput with every problem of the request, or ResourceNotFound. */
export function planRun(facts: RunFacts): JobPlan | Refusal {
  const { id, request, executable, project } = facts;
  const above = request.detach === true ? undefined : facts.from;
  const ancestors = above === undefined ? [] : [...above.spec.ancestors, above.job.pk];
  const { job: caller } = facts.from ?? {};
  if (caller !== undefined && caller.state !== 'running') {
    return { refused: invalidState(`${caller.pk} cannot start jobs any more: it is ${caller.state}`) };
  }
  const optionProblems = [
    ...checkPolicies(request),
    ...checkDebug(request.debug),
    ...checkSsh(request),
    ...checkPossible(executable, project),
  ];
  const machine = planMachine({
    executable: executableNames(executable),
    entryPoint: mainEntryPoint,
    inherited: executable.spec.runSpec.systemRequirements ?? {},
    asked: request,
    above: above?.spec.mergedSystemRequirementsByExecutable ?? {},
    defaultInstance: project.defaultInstanceType ?? defaultInstance,
  });
  const problems = [...optionProblems, ...('problems' in machine ? machine.problems : []), ...checkDepth(ancestors)];
  if (problems.length > 0 || 'problems' in machine) return { refused: invalidInput(problems) };
  const waits = planWaits(facts.prepared.wanted, facts.found, ancestors);
  if ('refused' in waits) return waits;
  const policies = planPolicies(facts, above?.spec);
  const { title = '', treeTurnaroundTimeThreshold } = executable.spec;
  const name = request.name ?? (title || executable.name);
  const { instance, ...requirements } = machine;
  const spec: ExecutionSpec = {
    ...recordRequest(request, facts.prepared),
    folder: request.folder,
    shown: request.shown,
    name,
    executableName: executable.name,
    ...pickSpecifications(executable.spec),
    priority: request.priority ?? above?.spec.priority ?? 'normal',
    ...policies,
    ...requirements,
    defaultInstance: project.defaultInstanceType ?? defaultInstance,
    access: planAccess({ executable, level: project.level, above: facts.from?.spec.access }),
    ...planAppPart(executable, project.id),
    waits,
    ...planPlaces(facts),
    ancestors,
    delayWorkspaceDestruction: request.delayWorkspaceDestruction ?? above?.spec.delayWorkspaceDestruction ?? false,
    ...(ancestors.length > 0 ? {} : given({ treeTurnaroundTimeThreshold })),
    ignoreReuse: request.ignoreReuse ?? executable.spec.ignoreReuse,
    headJobOnDemand: request.headJobOnDemand ?? executable.spec.runSpec.headJobOnDemand ?? false,
    ...given({ debugOn: readDebug(request.debug) ?? above?.spec.debugOn }),
    ...given({ stage: facts.stageOf?.stage ?? above?.spec.stage }),
    ...(facts.from === undefined || above !== undefined || facts.stageOf !== undefined
      ? {}
      : { detachedFrom: facts.from.job.pk, detachedFromTry: facts.from.job.try }),
  };
  const row = planRow(facts, above, spec, instance);
  return { id, row, spec, ready: false, memberOf: above && { root: row.root, parent: above.job.pk } };
}

/** A sentence for each reason why this executable cannot run here, or not in this project. */
function checkPossible({ id, spec }: Program, project: ProjectContext): string[] {
  const problems: string[] = [];
  const { interpreter } = spec.runSpec;
  if (!(runnableInterpreters as readonly string[]).includes(interpreter)) {
    problems.push(
      `${id} needs ${interpreter}, which no worker of this platform has. Port the code to python3, and build it again with "interpreter": "python3" in "runSpec"`,
    );
  }
  if (spec.regions !== undefined && !spec.regions.includes(project.region)) {
    problems.push(
      `the "regionalOptions" of ${id} name ${spec.regions.join(', ')}, and ${project.id} is in ${project.region}: run it in a project of one of those regions, or build it again with options for this one`,
    );
  }
  return problems;
}

/**
 * The objects that go into the workspace, and their places: the executable with its bundles, and the links of the input.
 * Each place has its own names, tags and hidden companions for the same object, so each object is taken from where the
 * caller saw it. The place of most objects is named once; the others are pinned.
 */
function planPlaces({ executable, prepared, found, project }: RunFacts): Pick<ExecutionSpec, 'pins' | 'inputPlace'> {
  const byPlace = Map.groupBy(prepared.linked, (object) => found.objects.get(object)?.place ?? project.id);
  const [[most] = [project.id], ...others] = [...byPlace].sort(([, one], [, other]) => other.length - one.length);
  const elsewhere = others.flatMap(([from, objects]) => objects.map((object): Pin => ({ object, project: from })));
  return {
    ...(most === project.id ? {} : { inputPlace: most }),
    pins: [...programPins(executable), ...elsewhere],
  };
}

/** A sentence when a job would be nested too deep. */
export function checkDepth(ancestors: readonly JobId[]): string[] {
  if (ancestors.length < maximumJobDepth) return [];
  return [`jobs can be nested ${maximumJobDepth} deep, and ${ancestors.at(-1)} is the innermost job allowed`];
}

function planRow(facts: RunFacts, above: CallingJob | undefined, spec: ExecutionSpec, instance: string): JobRow {
  const { id, executable, project, user, now, digest } = facts;
  return newJobRow({
    kind: 'master',
    id,
    parent: facts.stageOf === undefined ? above?.job : undefined,
    stageOf: facts.stageOf?.analysis,
    executable: executable.id,
    function: mainEntryPoint,
    project: project.id,
    launchedBy: user,
    name: spec.name,
    instance,
    priority: firstPriority(spec.priority, spec.executionPolicy, above && prioritiesOf(above)),
    timeoutMs: timeoutMs(spec.timeoutPolicy, mainEntryPoint),
    debug: (spec.debugOn ?? []).length > 0,
    now,
    digest,
    parentRestartsAlone: above?.spec.restartableEntryPoints === 'all',
  });
}

function prioritiesOf({ job, spec }: CallingJob) {
  return { asked: spec.priority, final: job.priority };
}

function checkPolicies({ executionPolicy, timeoutPolicyByExecutable: byExecutable }: RunRequest): string[] {
  const at = 'timeoutPolicyByExecutable';
  const limits = isHash(byExecutable) ? Object.entries(byExecutable) : [];
  return [
    ...checkExecutionPolicy(executionPolicy, 'executionPolicy'),
    ...(byExecutable === undefined || isHash(byExecutable) ? [] : [`${at} must be a hash of executables`]),
    ...limits.flatMap(([executable, policy]) => checkTimeoutPolicy(policy, `${at}.${executable}`)),
  ];
}

/** `dx run --debug-on` always asks for SSH too. Such a run has another way in, so the wish is not kept. */
function checkSsh({ allowSSH, debug }: RunRequest): string[] {
  const isHeld = (readDebug(debug) ?? []).length > 0;
  return isHeld || (allowSSH ?? []).length === 0 ? [] : [noSsh];
}

function planPolicies({ request, executable }: RunFacts, above: ExecutionSpec | undefined) {
  const { executionPolicy, timeoutPolicy, inheritParentRestartOnPolicy: inherits } = executable.spec.runSpec;
  const { restartableEntryPoints: restartable } = executable.spec.runSpec;
  const byExecutable = {
    ...((request.timeoutPolicyByExecutable ?? {}) as { [executable: string]: TimeoutPolicy }),
    ...above?.timeoutPolicyByExecutable,
  };
  const named = ['*', ...executableNames(executable)].map((name) => {
    return Object.hasOwn(byExecutable, name) ? byExecutable[name] : undefined;
  });
  return {
    executionPolicy: effectiveExecutionPolicy(
      executionPolicy,
      request.executionPolicy as ExecutionPolicy | undefined,
      inherits === true ? above?.executionPolicy : undefined,
    ),
    ...(restartable === 'all' ? { restartableEntryPoints: restartable } : {}),
    timeoutPolicy: effectiveTimeoutPolicy(timeoutPolicy, ...named),
    timeoutPolicyByExecutable: byExecutable,
  };
}

function planAppPart(executable: Program, project: ProjectId): Pick<ExecutionSpec, 'app'> {
  if (executable.kind === 'applet') return {};
  const { id, name, version, place } = executable;
  return { app: { name, version, resources: place, projectCache: projectCacheId(id, project) } };
}

function pickSpecifications({ inputSpec, outputSpec }: AppletSpec) {
  return given({ inputSpec, outputSpec });
}

/** The answer to `allowSSH` of a run or of an update. */
export const noSsh =
  'jobs cannot be reached by SSH, so "allowSSH" is refused: run the job with "--debug-on All" (debug.debugOn); if it fails, it is held, and its log says how to enter it';

/** The entry point of every master job. */
const mainEntryPoint = 'main';
