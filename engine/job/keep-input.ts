// Keeps the input of a master job over a restart: before the workspace of a try is emptied, the next one gets the
// executable, its bundles and the input from it (docs/reference/api.md, "Restarts").

import type { Context } from '../../core/context.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { workspaceId } from '../../core/id/workspace.ts';
import { asRun, type InputPlan, isInputStored, planInput } from '../../core/job/plan-input.ts';
import { isMaster, type JobRow, jobWorkspace } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { wasLaunched } from '../../core/job/worker.ts';
import { findReferences, referredObjects } from '../../core/reference/find.ts';
import { type Hash, isHash } from '../../core/reference/value.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadSpec } from '../store/load-job.ts';
import { loadObjectsAt } from '../store/load-object.ts';
import { loadTry } from '../store/load-try.ts';
import { loadArrivedObjects, loadLinkedObjects } from './handed-over.ts';
import { inputSight } from './reader.ts';
import { lastingRefusal } from './refusal.ts';

/**
 * Clones the input of a given-up try, with its executable, bundles and hidden companions, into the workspace of the next
 * try. Objects that were removed everywhere else meanwhile live on there. It is idempotent, and passes over objects that
 * the job's code has removed.
 */
export async function keepInput(context: Context, row: JobRow): Promise<void> {
  const spec = await loadSpec(context, row.pk);
  const input = await loadKeptInput(context, row, spec, row);
  if (input === undefined) return;
  const objects = [...spec.pins.map(({ object }) => object), ...referredObjects(findReferences(input))];
  const to = { container: workspaceId(row.pk, row.try + 1), folder: '/' };
  // The code may have put more hidden objects into its workspace than a clone may take along. The next try then takes
  // its input from where the first one did.
  await lastingRefusal(() => cloneObjects(context, { objects, to, from: jobWorkspace(row) }));
}

/**
 * The plan for the input of a next try: what is not in its workspace yet, because code of the last try had removed it,
 * is taken from where the first try took it.
 *
 * @returns undefined when no earlier try had its input
 */
export async function planKeptInput(
  context: Context,
  row: JobRow,
  spec: ExecutionSpec,
): Promise<InputPlan | { readonly problems: readonly string[] } | undefined> {
  if (row.try === 0 || !isMaster(row)) return undefined;
  const last = await loadTry(context, row, row.try - 1);
  const input = last === undefined ? undefined : await loadKeptInput(context, row, spec, last);
  if (input === undefined) return undefined;
  const known = referredObjects(findReferences(spec.originalInput));
  const arrived = referredObjects(findReferences(input)).filter((object) => !known.includes(object));
  const isMissing = await missingFrom(context, row, [...spec.pins.map(({ object }) => object), ...known, ...arrived]);
  const resolved = { input, linked: known.filter(isMissing), arrived: arrived.filter(isMissing) };
  const sight = await inputSight(context, row, spec);
  const seen = await loadArrivedObjects(sight, row, resolved.arrived);
  // Without its specification and its references the input is neither checked nor stored again.
  return planInput({
    row,
    spec: { originalInput: {}, pins: spec.pins.filter(({ object }) => isMissing(object)) },
    resolved,
    linked: await loadLinkedObjects(sight, row, spec, resolved.linked),
    arrived: seen,
  });
}

/** The input of a try as its executable got it. Undefined when the try never had it. */
async function loadKeptInput(
  context: Context,
  { pk }: JobRow,
  spec: ExecutionSpec,
  attempt: JobRow,
): Promise<Hash | undefined> {
  if (!wasLaunched(attempt)) return undefined;
  if (!isInputStored(spec)) return asRun(spec, spec.originalInput);
  const stored = await context.bodies.load(pk, 'input');
  return isHash(stored) ? stored : undefined;
}

async function missingFrom(context: Context, row: JobRow, objects: readonly ObjectId[]) {
  const found = await loadObjectsAt(context, jobWorkspace(row), [...new Set(objects)]);
  const there = new Set(found.flatMap((object) => (object === undefined ? [] : [object.id])));
  return (object: ObjectId) => !there.has(object);
}
