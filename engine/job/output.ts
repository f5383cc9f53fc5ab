// Takes a job from waiting_on_output to done: it waits for the job's children and references, then clones the objects
// and stores the output. The rules are in core/job/plan-output.ts.

import type { Context } from '../../core/context.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import type { Failure } from '../../core/execution/failure.ts';
import { type OutputPlan, outputFailure, planOutput, resolveOutput } from '../../core/job/plan-output.ts';
import { isMaster, type JobRow, outputBodyId } from '../../core/job/row.ts';
import { findReferences, referredJobs } from '../../core/reference/find.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadOutput, loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { listWait } from '../wait/readiness.ts';
import { waitFor } from '../wait/wait.ts';
import { failByDependency } from './end-tree.ts';
import { loadOutputObjects } from './handed-over.ts';
import { memberWait } from './member.ts';
import { outputSight } from './reader.ts';
import { loadReferenced } from './referenced.ts';
import { lastingRefusal } from './refusal.ts';

/** Looks at a job in waiting_on_output. Undefined when nothing was to be changed. */
export async function advanceOutput(context: Context, row: JobRow): Promise<Saved | undefined> {
  const from = typeof row.cursor === 'string' ? row.cursor : undefined;
  const members = await waitFor(context, memberWait(context, row, from));
  // A member that failed ends this job too: the look at it writes the flag (docs/reference/protocols.md, "Doom").
  if (members.kind === 'problem') return undefined;
  if (members.kind === 'waiting') return saveProgress(context, row, members.cursor);
  const before = await loadOutput(context, row);
  const references = findReferences(before);
  const jobs = referredJobs(references).map((job): Dependency => ({ kind: 'execution', execution: job }));
  const outputs = await waitFor(context, listWait(context, row, 'output', jobs));
  if (outputs.kind === 'waiting') return undefined;
  if (outputs.kind === 'problem') return failByDependency(context, row, outputs.problem);
  const referenced = await loadReferenced(outputSight(context, row), references);
  const spec = isMaster(row) ? await loadSpec(context, row.pk) : undefined;
  const resolved = resolveOutput(spec, before, referenced);
  if ('problems' in resolved) return fail(context, row, outputFailure(resolved.problems));
  const handedOver = await loadOutputObjects(context, row, resolved.objects);
  const plan = planOutput({ row, spec, before, resolved, handedOver });
  return 'problems' in plan ? fail(context, row, outputFailure(plan.problems)) : complete(context, row, plan);
}

/**
 * Waits until the objects are closed, because only closed objects can be cloned. Then clones them, stores the output
 * and ends the job.
 */
async function complete(context: Context, row: JobRow, plan: OutputPlan): Promise<Saved | undefined> {
  const objects = plan.awaited.map((object): Dependency => ({ kind: 'object', object }));
  const closed = await waitFor(context, listWait(context, row, 'output', objects));
  if (closed.kind === 'waiting') return undefined;
  if (closed.kind === 'problem') return fail(context, row, outputFailure([closed.problem.message]));
  const refusal = await lastingRefusal(async () => {
    for (const { from, ...clone } of plan.clones) await cloneObjects(context, { ...clone, hiddenLinksFrom: from });
  });
  if (refusal !== undefined) return fail(context, row, outputFailure([refusal]));
  if (plan.output !== undefined) await context.bodies.save(outputBodyId(row), 'output', { output: plan.output });
  return saveJob(context, row, { kind: 'complete' });
}

/** There may be many members, so the cursor is saved whenever it has moved. */
async function saveProgress(context: Context, row: JobRow, cursor: string | undefined): Promise<Saved | undefined> {
  if (cursor === undefined || cursor === row.cursor) return undefined;
  return saveJob(context, row, { kind: 'progress', cursor });
}

function fail(context: Context, row: JobRow, failure: Failure): Promise<Saved> {
  return saveJob(context, row, { kind: 'fail', failure });
}
