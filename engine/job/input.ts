// Takes a job from idle to runnable: it waits for the input, resolves it, places its objects and stores it. The rules
// are in core/job/plan-input.ts.

import type { Context } from '../../core/context.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import { type Failure, failureMessages } from '../../core/execution/failure.ts';
import type { ObjectId, PlaceId } from '../../core/id/identifier.ts';
import {
  asRun,
  type InputPlan,
  inputFailure,
  isInputStored,
  planInput,
  refuseUnseen,
  resolveInput,
} from '../../core/job/plan-input.ts';
import { type JobRow, jobWorkspace } from '../../core/job/row.ts';
import { isShowable, showInput } from '../../core/job/shown-input.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { findReferences, referredJobs } from '../../core/reference/find.ts';
import { type Hash, isHash } from '../../core/reference/value.ts';
import { findJobs } from '../access/sight.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadJob, loadOutputs, loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { listWait, type Unsatisfiable } from '../wait/readiness.ts';
import { type WaitOutcome, waitFor } from '../wait/wait.ts';
import { failByDependency } from './end-tree.ts';
import { loadArrivedObjects, loadLinkedObjects } from './handed-over.ts';
import { planKeptInput } from './keep-input.ts';
import { inputSight } from './reader.ts';
import { loadReferenced } from './referenced.ts';
import { lastingRefusal } from './refusal.ts';

/** Looks at a job that is idle or waiting_on_input. Undefined when nothing was to be changed. */
export async function advanceInput(context: Context, row: JobRow): Promise<Saved | undefined> {
  const spec = await loadSpec(context, row.pk);
  const kept = await planKeptInput(context, row, spec);
  if (kept !== undefined) return makeReady(context, row, spec, kept);
  const from = typeof row.cursor === 'number' ? row.cursor : undefined;
  const outcome = await waitFor(context, listWait(context, row, 'input', spec.waits, from));
  if (outcome.kind !== 'ready') return keepWaiting(context, row, outcome);
  const references = findReferences(spec.originalInput);
  const sight = await inputSight(context, row, spec);
  const resolved = resolveInput(spec, await loadReferenced(sight, references));
  if ('problems' in resolved) return fail(context, row, inputFailure(resolved.problems));
  // An object that the job may not see is not waited for either: the wait would show when it is closed.
  const seen = await loadArrivedObjects(sight, row, resolved.arrived);
  const refused = refuseUnseen(row, resolved.arrived, seen);
  if (refused.length > 0) return fail(context, row, inputFailure(refused));
  const objects = resolved.arrived.map((object): Dependency => ({ kind: 'object', object }));
  const arrived = await waitFor(context, listWait(context, row, 'input', objects));
  if (arrived.kind !== 'ready') return keepWaiting(context, row, { ...arrived, cursor: undefined });
  const linked = await loadLinkedObjects(sight, row, spec, resolved.linked);
  return makeReady(context, row, spec, planInput({ row, spec, resolved, linked, arrived: seen }));
}

/** Places the input and stores it. */
async function makeReady(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  plan: ReturnType<typeof planInput>,
): Promise<Saved> {
  const problems = 'problems' in plan ? plan.problems : await placePins(context, row, spec, plan.pins);
  if ('problems' in plan || problems.length > 0) return fail(context, row, inputFailure(problems));
  if (plan.input !== undefined) {
    // Two looks may find the last dependency ready at the same time. A read costs less than their two writes.
    const again = await loadJob(context, row.pk);
    if (again?.state !== row.state || again.try !== row.try) return { kind: 'changed' };
    await context.bodies.save(row.pk, 'input', plan.input);
  }
  return saveJob(context, row, { kind: 'ready' });
}

/**
 * The input of a job, as far as it is known. Once the job is runnable, this is the resolved input. Before that,
 * references are replaced by the outputs of at most `lookedAtCount` jobs that are done, as far as the job may see them.
 *
 * @param reader the job gets the input as its executable reads it; a client gets arrays as long as they were given
 */
export async function loadInput(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  reader: 'itself' | 'client',
): Promise<Hash> {
  const { originalInput } = spec;
  if (!isInputStored(spec)) return reader === 'itself' ? asRun(spec, originalInput) : originalInput;
  const resolved = await context.bodies.load(row.pk, 'input');
  if (isHash(resolved) && (reader === 'itself' || isShowable(originalInput, resolved))) return resolved;
  const references = findReferences(originalInput);
  const wanted = referredJobs(references).slice(0, lookedAtCount);
  const jobs = await findJobs(await inputSight(context, row, spec), wanted);
  return showInput(originalInput, await loadOutputs(context, [...jobs.values()], references));
}

/**
 * The first look changes the state to waiting_on_input. Later looks save the cursor only when it has moved far enough.
 */
async function keepWaiting(
  context: Context,
  row: JobRow,
  outcome: Exclude<WaitOutcome<number, Unsatisfiable>, { kind: 'ready' }> & { readonly cursor?: number | undefined },
): Promise<Saved | undefined> {
  if (outcome.kind === 'problem') {
    const { problem } = outcome;
    if (problem.kind === 'failed') return failByDependency(context, row, problem);
    return fail(context, row, inputFailure([problem.message]));
  }
  if (row.state === 'idle') return saveJob(context, row, { kind: 'wait' });
  const { cursor } = outcome;
  const before = typeof row.cursor === 'number' ? row.cursor : 0;
  if (cursor === undefined || cursor - before < cursorStride) return undefined;
  return saveJob(context, row, { kind: 'progress', cursor });
}

/** Clones executable, bundles and input objects into the workspace. Returns a sentence for each problem. */
async function placePins(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  pins: InputPlan['pins'],
): Promise<string[]> {
  let missing: ObjectId[] = [];
  const refusal = await lastingRefusal(async () => {
    const moved = await placeFrom(context, row, pins);
    missing = moved.length === 0 ? [] : await placeMoved(context, row, spec, moved);
  });
  return refusal === undefined ? missing.map((object) => failureMessages.dependencyGone(object)) : [refusal];
}

/**
 * Clones objects that were removed from where they were seen, from other places where the reader of the input sees them.
 * Returns those that it sees nowhere.
 */
async function placeMoved(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
  moved: readonly ObjectId[],
): Promise<ObjectId[]> {
  const { places } = await loadArrivedObjects(await inputSight(context, row, spec), row, moved);
  const unseen = moved.filter((object) => !places.has(object));
  const pins = Map.groupBy(places.keys(), (object) => places.get(object) as PlaceId);
  return [...unseen, ...(await placeFrom(context, row, pins))];
}

/** Clones objects from their places. Returns those that are not there any more. */
async function placeFrom(context: Context, row: JobRow, pins: InputPlan['pins']): Promise<ObjectId[]> {
  const to = { container: jobWorkspace(row), folder: '/' };
  const missing: ObjectId[] = [];
  for (const [from, objects] of pins) {
    const result = await cloneObjects(context, { objects, to, from });
    if (result.open.length > 0) throw new Error(`closed objects are open again: ${result.open.join(', ')}`);
    missing.push(...result.missing);
  }
  return missing;
}

function fail(context: Context, row: JobRow, failure: Failure): Promise<Saved> {
  return saveJob(context, row, { kind: 'fail', failure });
}

/** The cursor is saved only every 25 dependencies. Reading them again costs less than the write. */
const cursorStride = 25;
/** A description reads at most this many outputs. A scatter over thousands of jobs is shown with its references. */
const lookedAtCount = 100;
