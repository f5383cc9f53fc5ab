// Takes a job from waiting_on_output to done: it waits for the job's children and references, then clones the objects
// and stores the output. The rules are in core/job/plan-output.ts.

import type { Context, Expected } from '../../core/context.ts';
import { ApiError } from '../../core/error/api-error.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import type { Failure } from '../../core/execution/failure.ts';
import {
  type OutputPlan,
  outputFailure,
  planOutput,
  resolveOutput,
  unseenReference,
} from '../../core/job/plan-output.ts';
import { isMaster, type JobRow, outputBodyId, ownName } from '../../core/job/row.ts';
import { findReferences, referredJobs } from '../../core/reference/find.ts';
import type { Hash } from '../../core/reference/value.ts';
import { cloneObjects } from '../object/clone.ts';
import { loadJob, loadJobs, loadOutput, loadSpec } from '../store/load-job.ts';
import { type Saved, saveJob } from '../store/save-job.ts';
import { listWait } from '../wait/readiness.ts';
import { waitFor } from '../wait/wait.ts';
import { failByDependency } from './end-tree.ts';
import { loadOutputObjects } from './handed-over.ts';
import { memberWait } from './member.ts';
import { outputSight } from './reader.ts';
import { loadReferenced } from './referenced.ts';
import { lastingRefusal } from './refusal.ts';
import { takeBackIfEnded } from './take-back.ts';

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
  const plan = await loadPlan(context, row, before);
  if ('problems' in plan) return fail(context, row, outputFailure(plan.problems));
  // Only closed objects can be cloned.
  const objects = plan.awaited.map((object): Dependency => ({ kind: 'object', object }));
  const closed = await waitFor(context, listWait(context, row, 'output', objects));
  if (closed.kind === 'waiting') return undefined;
  if (closed.kind === 'problem') return fail(context, row, outputFailure([closed.problem.message]));
  const ended = await handOver(context, row, plan);
  return 'reason' in ended ? fail(context, row, ended) : ended;
}

/**
 * Ends a running job in the call that reports its output, if it has made no job and nothing is left to wait for. The
 * write is conditional on both. Large outputs are left to the stream, because the worker waits for the answer.
 *
 * @param before the output as it was stored first
 * @returns undefined when the job must wait
 */
export async function completeAtOnce(
  context: Context,
  row: JobRow,
  before: Hash,
): Promise<Saved | Failure | undefined> {
  if (row.cursor !== undefined) return undefined;
  const jobs = await loadJobs(context, referredJobs(findReferences(before)));
  if (jobs.length > quickCount || jobs.some((job) => job?.state !== 'done')) return undefined;
  const plan = await loadPlan(context, row, before);
  if ('problems' in plan) return outputFailure(plan.problems);
  if (!plan.isQuick) return undefined;
  try {
    return await handOver(context, row, plan, { tokenHash: row.tokenHash, cursor: undefined });
  } catch (error) {
    // A refusal that may pass is no answer to the report. The stream tries again.
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** The plan for an output whose references are all done. `isQuick`: its objects are few and closed, and link to none. */
async function loadPlan(context: Context, row: JobRow, before: Hash) {
  const referenced = await loadReferenced(outputSight(context, row), findReferences(before));
  const spec = isMaster(row) ? await loadSpec(context, row.pk) : undefined;
  const resolved = resolveOutput(spec, before, referenced);
  if ('problems' in resolved) return resolved;
  const handedOver = await loadOutputObjects(context, row, resolved.objects);
  const plan = planOutput({ row, spec, before, resolved, handedOver });
  if ('problems' in plan) return plan;
  const facts = plan.awaited.map((object) => handedOver.facts.get(object));
  const isQuick = facts.length <= quickCount && facts.every((one) => one?.state === 'closed' && one.links.length === 0);
  return { ...plan, isQuick };
}

/**
 * Stores the output, clones its objects and completes the job. It may be repeated. The end of the try may come in
 * between; then the clones are taken back.
 *
 * @returns the failure of an output that cannot be handed over
 */
async function handOver(
  context: Context,
  row: JobRow,
  plan: OutputPlan,
  expected: Expected = {},
): Promise<Saved | Failure> {
  if (plan.output !== undefined) await context.bodies.save(outputBodyId(row), 'output', { output: plan.output });
  if (plan.clones.length > 0) {
    // If the try has ended, its end may not have found the output, and nothing would take the clones back. An end that
    // comes later finds it.
    const again = await loadJob(context, row.pk);
    if (again?.state !== row.state || again.try !== row.try) return { kind: 'changed' };
    const problems: string[] = [];
    const refusal = await lastingRefusal(async () => problems.push(...(await placeOutput(context, row, plan))));
    if (refusal !== undefined || problems.length > 0)
      return outputFailure(refusal === undefined ? problems : [refusal]);
  }
  const saved = await saveJob(context, row, { kind: 'complete' }, expected);
  if (saved.kind !== 'saved') await takeBackIfEnded(context, row);
  return saved;
}

/** Clones the objects. Returns a sentence for each that was removed after it was seen. */
async function placeOutput(context: Context, row: JobRow, { clones }: OutputPlan): Promise<string[]> {
  const problems: string[] = [];
  for (const clone of clones) {
    const { missing } = await cloneObjects(context, { ...clone, by: ownName(row) });
    problems.push(...clone.objects.filter((object) => missing.includes(object)).map(unseenReference));
  }
  return problems;
}

/** There may be many members, so the cursor is saved whenever it has moved. */
async function saveProgress(context: Context, row: JobRow, cursor: string | undefined): Promise<Saved | undefined> {
  if (cursor === undefined || cursor === row.cursor) return undefined;
  return saveJob(context, row, { kind: 'progress', cursor });
}

function fail(context: Context, row: JobRow, failure: Failure): Promise<Saved> {
  return saveJob(context, row, { kind: 'fail', failure });
}

/** Referred jobs, and objects to clone, up to which an output is completed while its worker waits. */
const quickCount = 25;
