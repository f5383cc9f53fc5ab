// Plans a subjob: an entry point of the same executable, in the same workspace, made by /job/new
// (docs/reference/api.md, "Subjobs"). Pure.

import { invalidInput, invalidState } from '../error/api-error.ts';
import { executableNames } from '../executable/executable.ts';
import { timeoutMs } from '../executable/policy.ts';
import { given } from '../given.ts';
import { isId, type JobId } from '../id/identifier.ts';
import type { JobPlan } from '../job/plan.ts';
import { type JobRow, newJobRow } from '../job/row.ts';
import type { ExecutionSpec } from '../job/spec.ts';
import { planMachine } from './machine.ts';
import { checkDepth } from './plan-run.ts';
import { type PreparedInput, recordRequest } from './prepare-input.ts';
import type { Refusal } from './refusal.ts';
import type { NewJobRequest } from './request.ts';
import { type FoundReferences, planWaits } from './waits.ts';

export type NewJobFacts = {
  readonly id: JobId;
  /** Digest of the request, without its nonce. */
  readonly digest: string;
  readonly now: number;
  readonly request: NewJobRequest;
  readonly prepared: PreparedInput;
  readonly found: FoundReferences;
  /** The job whose token made the call. */
  readonly parent: { readonly job: JobRow; readonly spec: ExecutionSpec };
};

/** The job, or the refusal: InvalidInput, InvalidState of the parent, or ResourceNotFound. */
export function planNewJob(facts: NewJobFacts): JobPlan | Refusal {
  const { id, now, request, prepared } = facts;
  const { job: parent, spec: above } = facts.parent;
  if (parent.state !== 'running') {
    return { refused: invalidState(`${parent.pk} cannot make jobs any more: it is ${parent.state}`) };
  }
  const ancestors = [...above.ancestors, parent.pk];
  const machine = planMachine({
    executable: namesOf(parent, above),
    entryPoint: request.function,
    inherited: above.systemRequirements,
    asked: request,
    above: above.mergedSystemRequirementsByExecutable,
    defaultInstance: above.defaultInstance,
  });
  const problems = [...('problems' in machine ? machine.problems : []), ...checkDepth(ancestors)];
  if (problems.length > 0 || 'problems' in machine) return { refused: invalidInput(problems) };
  const waits = planWaits(prepared.wanted, facts.found, ancestors);
  if ('refused' in waits) return waits;
  const { instance, ...requirements } = machine;
  const name = request.name ?? `${above.name}:${request.function}`;
  const spec: ExecutionSpec = {
    ...inherit(above),
    ...requirements,
    ...recordRequest(request, prepared),
    headJobOnDemand: request.headJobOnDemand ?? false,
    name,
    waits,
    ancestors,
  };
  const row = newJobRow({
    kind: 'subjob',
    id,
    parent,
    executable: parent.executable,
    function: request.function,
    project: parent.project,
    launchedBy: parent.launchedBy,
    name,
    instance,
    priority: parent.priority,
    timeoutMs: timeoutMs(above.timeoutPolicy, request.function),
    debug: (spec.debugOn ?? []).length > 0,
    now,
    digest: facts.digest,
    parentRestartsAlone: above.restartableEntryPoints === 'all',
  });
  const ready = waits.length === 0 && !prepared.hasJobReferences;
  return { id, row, spec, ready, memberOf: { root: parent.root, parent: parent.pk } };
}

function namesOf({ executable: id }: JobRow, { app }: ExecutionSpec): string[] {
  return isId(id, 'app') && app !== undefined ? executableNames({ kind: 'app', id, ...app }) : [id];
}

/**
 * The part that a subjob shares with its parent: everything that belongs to the executable or the tree. Its
 * specification is not shared.
 */
function inherit(above: ExecutionSpec) {
  return {
    folder: above.folder,
    executableName: above.executableName,
    priority: above.priority,
    executionPolicy: above.executionPolicy,
    timeoutPolicy: above.timeoutPolicy,
    timeoutPolicyByExecutable: above.timeoutPolicyByExecutable,
    access: above.access,
    defaultInstance: above.defaultInstance,
    delayWorkspaceDestruction: above.delayWorkspaceDestruction,
    ignoreReuse: above.ignoreReuse,
    ...given({
      app: above.app,
      debugOn: above.debugOn,
      restartableEntryPoints: above.restartableEntryPoints,
      stage: above.stage,
    }),
    shown: above.shown,
    pins: [],
  };
}
