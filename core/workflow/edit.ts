// The edits of a workflow. Each is a pure function from the workflow and what the call says to the next workflow, or to
// the refusal (docs/reference/api.md, "Workflows").

import { type ApiError, invalidInput, invalidState, resourceNotFound } from '../error/api-error.ts';
import type { Hash } from '../reference/value.ts';
import { bindingProblems, noSuchStage } from './check-links.ts';
import { checkWorkflow } from './check-workflow.ts';
import { incompatibilities } from './compatible.ts';
import { findStageLinks } from './link.ts';
import { applyChange, readStage, type StageChange } from './read-stage.ts';
import type { Interfaces, Stage, StageExecutable, WorkflowSpec } from './workflow.ts';

export type Edited = { readonly spec: WorkflowSpec } | { readonly refused: ApiError };

/**
 * Whether an edit may change the workflow: `now`, or `before` when it is the last edit come again.
 *
 * @param asked the number of the call; `digest` identifies the call with its caller
 */
export function checkEdit(
  { editVersion, lastEdit }: WorkflowSpec,
  {
    asked,
    digest,
    id,
    state,
  }: { readonly asked: number; readonly digest: string; readonly id: string; readonly state: string },
): { readonly when: 'now' | 'before' } | { readonly refused: ApiError } {
  if (asked === editVersion - 1 && lastEdit === digest) return { when: 'before' };
  if (state !== 'open') return { refused: invalidState(`"${id}" is ${state}: only an open workflow can be edited`) };
  if (asked === editVersion) return { when: 'now' };
  return {
    refused: invalidState(
      `"${id}" has the editVersion ${editVersion}, not ${asked}: somebody else has edited it. Describe it again`,
    ),
  };
}

/** The workflow after an edit, with its number and its digest. */
export function afterEdit(spec: WorkflowSpec, digest: string): WorkflowSpec {
  return { ...spec, editVersion: spec.editVersion + 1, lastEdit: digest };
}

/** Adds a stage at the end. */
export function addStage(
  spec: WorkflowSpec,
  {
    given,
    executable,
    madeId,
  }: { readonly given: Hash; readonly executable: StageExecutable; readonly madeId: string },
  interfaces: Interfaces,
): Edited {
  const read = readStage(given, executable, madeId, 'stage');
  if ('problems' in read) return { refused: invalidInput(read.problems) };
  return checked({ ...spec, stages: [...spec.stages, read.stage] }, interfaces, [executable]);
}

/** Removes a stage, with the values of other stages that link to it. */
export function removeStage(spec: WorkflowSpec, id: string): Edited {
  if (!spec.stages.some((stage) => stage.id === id)) return unknownStage(id, spec);
  const using = (spec.outputs ?? []).filter(({ outputSource }) => linksTo(outputSource, id));
  if (using.length > 0) {
    const names = using.map(({ name }) => `"${name}"`).join(', ');
    return {
      refused: invalidState(
        `the stage "${id}" is the source of the output ${names} of the workflow: change that first`,
      ),
    };
  }
  const others = spec.stages.filter((stage) => stage.id !== id);
  const stages = others.map((stage) => withoutBindings(stage, (_, value) => linksTo(value, id)));
  return { spec: { ...spec, stages, ignoreReuse: spec.ignoreReuse.filter((one) => one !== id) } };
}

/** Moves a stage to another place in the list. */
export function moveStage(spec: WorkflowSpec, id: string, newIndex: number): Edited {
  const stage = spec.stages.find((one) => one.id === id);
  if (stage === undefined) return unknownStage(id, spec);
  const last = spec.stages.length - 1;
  if (newIndex > last) return { refused: invalidInput(`newIndex is ${newIndex}; the places are 0 to ${last}`) };
  const others = spec.stages.filter((one) => one.id !== id);
  return { spec: { ...spec, stages: others.toSpliced(newIndex, 0, stage) } };
}

/** What `update` sets. Absent fields stay. */
export type WorkflowChange = Partial<
  Pick<WorkflowSpec, 'title' | 'summary' | 'description' | 'outputFolder' | 'inputs' | 'outputs' | 'ignoreReuse'>
>;

/** Sets fields of the workflow and of stages, all at once. */
export function update(
  spec: WorkflowSpec,
  { own, stages }: { readonly own: WorkflowChange; readonly stages: ReadonlyMap<string, StageChange> },
  interfaces: Interfaces,
): Edited {
  const known = new Set(spec.stages.map(({ id }) => id));
  const unknown = [...stages.keys()].filter((id) => !known.has(id));
  if (unknown.length > 0) return { refused: invalidInput(unknown.map((id) => noSuchStage(id, spec.stages))) };
  const changed = spec.stages.map((stage) => {
    const change = stages.get(stage.id);
    return change === undefined ? stage : applyChange(stage, change);
  });
  return checked({ ...spec, ...own, stages: changed }, interfaces);
}

/** Gives a stage another executable. With `force` bound values that do not fit any more are dropped. */
export function updateStageExecutable(
  spec: WorkflowSpec,
  {
    stage: id,
    executable,
    force,
  }: { readonly stage: string; readonly executable: StageExecutable; readonly force: boolean },
  interfaces: Interfaces,
): Edited {
  const stage = spec.stages.find((one) => one.id === id);
  if (stage === undefined) return unknownStage(id, spec);
  const misfits = compareExecutable(stage, executable, interfaces);
  if ('refused' in misfits) return misfits;
  const { problems } = misfits;
  if (problems.length > 0 && !force) {
    const message = `${executable} is not compatible with the stage "${id}": ${problems.join('; ')}`;
    return { refused: invalidState(message, { incompatibilities: problems }) };
  }
  const replaced = { ...spec, stages: spec.stages.map((one) => (one.id === id ? { ...one, executable } : one)) };
  return checked(force ? withoutBroken(replaced, id, interfaces) : replaced, interfaces, [executable]);
}

/** The reasons why an executable does not fit a stage. */
export function compareExecutable(
  stage: Stage,
  executable: StageExecutable,
  interfaces: Interfaces,
): { readonly problems: string[] } | { readonly refused: ApiError } {
  const replacement = interfaces.get(executable);
  if (replacement === undefined) return { refused: resourceNotFound(executable) };
  const old = { executable: stage.executable, interface: interfaces.get(stage.executable) };
  return { problems: incompatibilities(old, replacement) };
}

/** Takes everything but the name from another workflow. */
export function overwrite(spec: WorkflowSpec, from: WorkflowSpec): WorkflowSpec {
  const { title, summary, description, outputFolder, stages, inputs, outputs, ignoreReuse } = from;
  return { ...spec, title, summary, description, outputFolder, stages, inputs, outputs, ignoreReuse };
}

/**
 * The workflow, if it has no fault. The executables that an edit brings must be seen, and have both specifications.
 *
 * @param brought the executables that the edit brings
 */
export function checked(spec: WorkflowSpec, interfaces: Interfaces, brought: readonly StageExecutable[] = []): Edited {
  const incomplete: string[] = [];
  for (const executable of brought) {
    const found = interfaces.get(executable);
    if (found === undefined) return { refused: resourceNotFound(executable) };
    if (!found.closed) return { refused: invalidState(`"${executable}" is open: close it before it can be a stage`) };
    const missing = (['inputSpec', 'outputSpec'] as const).filter((field) => found[field] === undefined);
    if (missing.length > 0) incomplete.push(`${executable} has no ${missing.join(' and no ')}: a stage needs both`);
  }
  const problems = incomplete.length > 0 ? incomplete : checkWorkflow(spec, interfaces);
  return problems.length > 0 ? { refused: invalidInput(problems) } : { spec };
}

/** Drops the bound values that a stage, or a link to it, makes faulty. */
function withoutBroken(spec: WorkflowSpec, id: string, interfaces: Interfaces): WorkflowSpec {
  const faults = bindingProblems(spec, interfaces).filter(({ stage, linked }) => stage === id || linked === id);
  const broken = new Set(faults.map(({ stage, field }) => `${stage}.${field}`));
  const stages = spec.stages.map((stage) => withoutBindings(stage, (field) => broken.has(`${stage.id}.${field}`)));
  return { ...spec, stages };
}

function withoutBindings(stage: Stage, drop: (field: string, value: unknown) => boolean): Stage {
  const kept = Object.entries(stage.input).filter(([field, value]) => !drop(field, value));
  return { ...stage, input: Object.fromEntries(kept) };
}

function linksTo(value: unknown, id: string): boolean {
  return findStageLinks(value, '').links.some(({ link }) => link.kind !== 'workflowInput' && link.stage === id);
}

function unknownStage(id: string, { stages }: WorkflowSpec): Edited {
  return { refused: invalidInput(noSuchStage(id, stages)) };
}
