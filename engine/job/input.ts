// From idle to runnable: waits for what the input needs, resolves it, checks it, and places its objects in the workspace.

import type { Context } from '../../core/context.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import { checkValues } from '../../core/iospec/check-values.ts';
import { flatten } from '../../core/iospec/fill-input.ts';
import { type Failure, failureMessages } from '../../core/job/failure.ts';
import { isMaster, type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { Dependency, ExecutionSpec, Pin } from '../../core/job/spec.ts';
import type { Hash } from '../../core/reference/value.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { listWait, loadObjectFacts, type Unsatisfiable } from '../wait/readiness.ts';
import { type WaitOutcome, waitFor } from '../wait/wait.ts';
import { loadArrivedObjects } from './handed-over.ts';
import { lastingRefusal } from './refusal.ts';
import { objectsReferredTo, resolveOutputs } from './resolve.ts';

/** Looks at a job that is idle or waiting_on_input; undefined when there is nothing to change. */
export async function advanceInput(context: Context, row: JobRow): Promise<Saved | undefined> {
  const spec = await loadSpec(context, row.pk);
  const from = typeof row.cursor === 'number' ? row.cursor : undefined;
  const outcome = await waitFor(context, listWait(context, row, 'input', spec.waits, from));
  if (outcome.kind !== 'ready') return keepWaiting(context, row, outcome);
  const resolved = await resolveOutputs(context, spec.originalInput);
  if ('problem' in resolved) return fail(context, row, inputError([resolved.problem]));
  const input = flatten(spec.inputSpec, resolved.value);
  const dependencies = newObjects(spec, input).map((object): Dependency => ({ kind: 'object', object }));
  const arrived = await waitFor(context, listWait(context, row, 'input', dependencies));
  if (arrived.kind !== 'ready') return keepWaiting(context, row, { ...arrived, cursor: undefined });
  const problems = isMaster(row) ? await placeInput(context, row, spec, input) : [];
  if (problems.length > 0) return fail(context, row, inputError(problems));
  if (resolved.value !== spec.originalInput) await context.bodies.save(row.pk, 'I', input);
  return saveJob(context, row, { kind: 'ready' });
}

/** Objects that only came to light with the outputs of other jobs: they have to be closed too. */
function newObjects(spec: ExecutionSpec, input: Hash): ObjectId[] {
  const known = objectsReferredTo(spec.originalInput);
  return [...objectsReferredTo(input).keys()].filter((object) => !known.has(object));
}

/** The state says that it waits from the first look on; the cursor is written when it moved far enough to be worth it. */
async function keepWaiting(
  context: Context,
  row: JobRow,
  outcome: Exclude<WaitOutcome<number, Unsatisfiable>, { kind: 'ready' }> & { readonly cursor?: number | undefined },
): Promise<Saved | undefined> {
  if (outcome.kind === 'problem') {
    const { kind, message } = outcome.problem;
    return fail(
      context,
      row,
      kind === 'failed' ? { reason: 'DependencyUnsatisfiable', message } : inputError([message]),
    );
  }
  if (row.state === 'idle') return saveJob(context, row, { kind: 'wait' });
  const { cursor } = outcome;
  const before = typeof row.cursor === 'number' ? row.cursor : 0;
  if (cursor === undefined || cursor - before < cursorStride) return undefined;
  return saveJob(context, row, { kind: 'progress', cursor });
}

/** Checks the values, then clones executable, bundles and input objects into the workspace. A sentence for each problem. */
async function placeInput(context: Context, row: JobRow, spec: ExecutionSpec, input: Hash): Promise<string[]> {
  const known = [...objectsReferredTo(spec.originalInput).keys()];
  const arrived = newObjects(spec, input);
  const { facts, places, restricted } = await loadArrivedObjects(context, row, spec, arrived);
  const unseen = arrived.filter((object) => !facts.has(object) && !restricted.includes(object));
  const refused = [
    ...unseen.map(failureMessages.dependencyGone),
    ...restricted.map((object) => `${object} is in a restricted project: it cannot be used in ${row.project}`),
  ];
  if (refused.length > 0) return refused;
  if (spec.inputSpec !== undefined) {
    const all = new Map([...(await loadObjectFacts(context, known)), ...facts]);
    const problems = checkValues(spec.inputSpec, input, all);
    if (problems.length > 0) return problems;
  }
  const pinned = new Set(spec.pins.map(({ object }) => object));
  const asked = [...known, ...arrived].flatMap((object): Pin[] =>
    pinned.has(object) ? [] : [{ object, project: places.get(object) ?? spec.inputPlace ?? row.project }],
  );
  let missing: ObjectId[] = [];
  const refusal = await lastingRefusal(async () => {
    missing = await placePins(context, row, [...spec.pins, ...asked]);
  });
  return refusal === undefined ? missing.map((object) => failureMessages.dependencyGone(object)) : [refusal];
}

async function placePins(context: Context, row: JobRow, pins: readonly Pin[]): Promise<ObjectId[]> {
  const byPlace = new Map<PlaceId, Set<ObjectId>>();
  for (const { object, project = row.project } of pins) {
    byPlace.set(project, (byPlace.get(project) ?? new Set()).add(object));
  }
  const missing: ObjectId[] = [];
  for (const [hiddenLinksFrom, objects] of byPlace) {
    const to = { container: jobWorkspace(row), folder: '/' };
    const result = await cloneObjects(context, { objects: [...objects], to, hiddenLinksFrom });
    missing.push(...result.missing);
    if (result.open.length > 0) throw new Error(`objects were closed and are not: ${result.open.join(', ')}`);
  }
  return missing;
}

function fail(context: Context, row: JobRow, failure: Failure): Promise<Saved> {
  return saveJob(context, row, { kind: 'fail', failure });
}

function inputError(problems: readonly string[]): Failure {
  return { reason: 'InputError', message: failureMessages.input(problems) };
}

/** Ready things that a cursor passes before it is written: reading them again costs less than writing it. */
const cursorStride = 25;
