// From waiting_on_output to done: waits for the jobs that this one made and for what its output refers to, then resolves,
// checks, stores and clones the output. Only then is the job done.

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { checkValues } from '../../core/iospec/check-values.ts';
import { checkOutputFields, flatten } from '../../core/iospec/fill-input.ts';
import { type Failure, failureMessages } from '../../core/job/failure.ts';
import { isMaster, type JobRow, jobWorkspace, outputBodyId, parseLineage } from '../../core/job/row.ts';
import type { Dependency, ExecutionSpec } from '../../core/job/spec.ts';
import { normalizeLinks } from '../../core/reference/resolve.ts';
import type { Hash } from '../../core/reference/value.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadOutput, loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { listWait } from '../wait/readiness.ts';
import { waitFor } from '../wait/wait.ts';
import { type HandedOver, loadOutputObjects } from './handed-over.ts';
import { memberWait } from './member.ts';
import { lastingRefusal } from './refusal.ts';
import { jobsReferredTo, objectsReferredTo, resolveOutputs } from './resolve.ts';

/** Looks at a job in waiting_on_output; undefined when there is nothing to change. */
export async function advanceOutput(context: Context, row: JobRow): Promise<Saved | undefined> {
  const from = typeof row.cursor === 'string' ? row.cursor : undefined;
  const members = await waitFor(context, memberWait(context, row, from));
  // A member that failed takes this job down with it: its own look puts the flag (docs/reference/protocols.md, "Doom").
  if (members.kind === 'problem') return undefined;
  if (members.kind === 'waiting') return saveProgress(context, row, members.cursor);
  const output = await loadOutput(context, row);
  const jobs = jobsReferredTo(output).map((job): Dependency => ({ kind: 'job', job }));
  const outputs = await waitFor(context, listWait(context, row, 'output', jobs));
  if (outputs.kind === 'waiting') return undefined;
  if (outputs.kind === 'problem') {
    return fail(context, row, { reason: 'DependencyUnsatisfiable', message: outputs.problem.message });
  }
  const resolved = await resolveOutputs(context, output);
  if ('problem' in resolved) return fail(context, row, outputError([resolved.problem]));
  return isMaster(row)
    ? completeMaster(context, row, resolved.value, output)
    : completeSubjob(context, row, resolved.value, output);
}

/** Subjobs have no specification, and nothing of theirs is cloned; but what they link to is theirs to hand over. */
async function completeSubjob(context: Context, row: JobRow, value: Hash, before: Hash): Promise<Saved> {
  const objects = [...objectsReferredTo(value).keys()];
  const { facts, restricted } = await loadOutputObjects(context, row, objects);
  const unseen = objects.filter((object) => !facts.has(object) && !restricted.includes(object));
  if (unseen.length > 0) return fail(context, row, outputError(unseen.map(unseenObject)));
  return complete(context, row, value, before);
}

async function completeMaster(context: Context, row: JobRow, value: Hash, before: Hash): Promise<Saved | undefined> {
  const spec = await loadSpec(context, row.pk);
  const output = flatten(spec.outputSpec, value);
  const objects = [...objectsReferredTo(output).keys()];
  const { facts, places, restricted } = await loadOutputObjects(context, row, objects);
  const open = objects.filter((object) => facts.get(object)?.state === 'open');
  const values = checkValues(spec.outputSpec ?? [], output, facts);
  const told = new Set(restricted);
  const unseen = objects.filter((id) => !facts.has(id) && !told.has(id) && !values.some((one) => one.includes(id)));
  const problems = [
    ...checkOutputFields(spec.outputSpec, output),
    ...values,
    ...open.map((object) => `${object} is still open, and every job that could close it has ended`),
    ...unseen.map(unseenObject),
    ...restricted.map((object) => `${object} is in a restricted project: it cannot leave it`),
  ];
  if (problems.length > 0) return fail(context, row, outputError(problems));
  const closed = await waitFor(
    context,
    listWait(
      context,
      row,
      'output',
      objects.map((object) => ({ kind: 'object', object })),
    ),
  );
  if (closed.kind === 'waiting') return undefined;
  if (closed.kind === 'problem') return fail(context, row, outputError([closed.problem.message]));
  const refusal = await cloneOutput(context, row, spec, places);
  return refusal === undefined ? complete(context, row, output, before) : fail(context, row, outputError([refusal]));
}

/**
 * Of an origin job into its folder of the project; of a job that a job ran, into the workspace of that one.
 *
 * @returns why they cannot be there, as when the project is gone
 */
async function cloneOutput(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  places: HandedOver['places'],
): Promise<string | undefined> {
  const objects = [...places.keys()];
  if (objects.length === 0) return undefined;
  const outer = row.lineage.at(-1);
  const above = outer === undefined ? undefined : parseLineage(outer);
  const container = above === undefined ? row.project : workspaceId(above.master, above.try);
  const to = { container, folder: spec.folder };
  const workspace = jobWorkspace(row);
  return lastingRefusal(async () => {
    for (const [from, group] of Map.groupBy(objects, (object) => places.get(object) ?? workspace)) {
      await cloneObjects(context, { objects: group, to, hiddenLinksFrom: from, keepFolders: from === workspace });
    }
  });
}

/** Links in outputs are of the short form (docs/reference/api.md, "References"). */
async function complete(context: Context, row: JobRow, output: Hash, before: Hash): Promise<Saved> {
  const normal = normalizeLinks(output);
  if (JSON.stringify(normal) !== JSON.stringify(before)) {
    await context.bodies.save(outputBodyId(row), 'O', { output: normal });
  }
  return saveJob(context, row, { kind: 'complete' });
}

/** Members are many: the cursor is written whenever it moved by a page. */
async function saveProgress(context: Context, row: JobRow, cursor: string | undefined): Promise<Saved | undefined> {
  if (cursor === undefined || cursor === row.cursor) return undefined;
  return saveJob(context, row, { kind: 'progress', cursor });
}

function fail(context: Context, row: JobRow, failure: Failure): Promise<Saved> {
  return saveJob(context, row, { kind: 'fail', failure });
}

function unseenObject(object: ObjectId): string {
  return `${object} could not be found, or the job may not see it`;
}

function outputError(problems: readonly string[]): Failure {
  return { reason: 'OutputError', message: failureMessages.output(problems) };
}
