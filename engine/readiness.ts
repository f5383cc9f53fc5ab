// Is what a job waits for ready? A job must be done; a data object closed, and the hidden objects that it links to with it
// (dx-api.md §5.4). Consistent reads only; what is ready stays ready.

import type { Context } from '../core/context.ts';
import type { JobId, ObjectId } from '../core/id/identifier.ts';
import { failureMessages } from '../core/job/failure.ts';
import type { JobRow } from '../core/job/row.ts';
import type { Dependency } from '../core/job/spec.ts';
import { isTerminal } from '../core/job/state.ts';
import { loadJobs } from './load-job.ts';
import { loadObject } from './object/load.ts';
import { isGone, type ObjectFacts, objectKey, toObjectFacts } from './object/row.ts';
import type { Awaited, Readiness, Wait } from './wait.ts';

/** Why something can never be ready, as a sentence for the user; `gone` tells a missing object from a failed job. */
export type Unsatisfiable = { readonly kind: 'failed' | 'gone'; readonly message: string };

/** The wait for a list of dependencies, in its order: what `waits` of a job, or the references of its output, come to. */
export function listWait(
  context: Context,
  waiter: JobRow,
  phase: 'input' | 'output',
  dependencies: readonly Dependency[],
  from?: number,
): Wait<number, Unsatisfiable> {
  return {
    waiter,
    phase,
    window: dependencyWindow,
    from,
    page: async (after = 0) => {
      const upTo = Math.min(after + dependencyPageSize, dependencies.length);
      const items = dependencies
        .slice(after, upTo)
        .map((dependency, index): Awaited<number> => ({ dependency, cursor: after + index + 1 }));
      return { items, end: upTo === dependencies.length };
    },
    read: (some) => readDependencies(context, some),
  };
}

/** Reads jobs and objects together; parallel to `dependencies`. */
async function readDependencies(
  context: Context,
  dependencies: readonly Dependency[],
): Promise<Readiness<Unsatisfiable>[]> {
  const jobs = [...new Set(dependencies.flatMap((one) => (one.kind === 'job' ? [one.job] : [])))];
  const objects = [...new Set(dependencies.flatMap((one) => (one.kind === 'object' ? [one.object] : [])))];
  const [jobStates, objectStates] = await Promise.all([readJobs(context, jobs), readObjects(context, objects)]);
  return dependencies.map((one) => {
    const state = one.kind === 'job' ? jobStates.get(one.job) : objectStates.get(one.object);
    return state ?? 'unready';
  });
}

async function readJobs(context: Context, jobs: readonly JobId[]): Promise<Map<JobId, Readiness<Unsatisfiable>>> {
  const rows = await loadJobs(context, jobs);
  return new Map(jobs.map((job, index) => [job, jobReadiness(job, rows[index])]));
}

function jobReadiness(job: JobId, row: JobRow | undefined): Readiness<Unsatisfiable> {
  if (row === undefined) return { problem: { kind: 'gone', message: failureMessages.dependencyGone(job) } };
  if (row.state === 'done') return 'ready';
  if (!isTerminal(row.state)) return 'unready';
  const message = failureMessages.dependencyFailed(job, row.state, row.failureReason);
  return { problem: { kind: 'failed', message } };
}

async function readObjects(
  context: Context,
  objects: readonly ObjectId[],
): Promise<Map<ObjectId, Readiness<Unsatisfiable>>> {
  const facts = await loadObjectFacts(context, objects);
  const states = await Promise.all(objects.map((object) => objectReadiness(context, object, facts.get(object))));
  return new Map(objects.map((object, index) => [object, states[index] ?? 'unready']));
}

/** Row `A` of each object that exists and is not being deleted. */
export async function loadObjectFacts(
  context: Context,
  objects: readonly ObjectId[],
): Promise<Map<ObjectId, ObjectFacts>> {
  if (objects.length === 0) return new Map();
  const rows = await context.rows.getMany('objects', objects.map(objectKey));
  const found = objects.flatMap((object, index): [ObjectId, ObjectFacts][] => {
    const row = rows[index];
    return isGone(row) ? [] : [[object, toObjectFacts(row)]];
  });
  return new Map(found);
}

async function objectReadiness(
  context: Context,
  object: ObjectId,
  facts: ObjectFacts | undefined,
): Promise<Readiness<Unsatisfiable>> {
  if (facts === undefined) return { problem: { kind: 'gone', message: failureMessages.dependencyGone(object) } };
  if (facts.state !== 'closed') return 'unready';
  return (await hiddenLinksClosed(context, facts.links)) ? 'ready' : 'unready';
}

/** Follows links to hidden objects, each once; one that is gone is nothing to wait for. */
async function hiddenLinksClosed(context: Context, links: readonly ObjectId[]): Promise<boolean> {
  const seen = new Set<ObjectId>();
  let frontier = [...new Set(links)];
  while (frontier.length > 0 && seen.size < hiddenWalkLimit) {
    for (const id of frontier) seen.add(id);
    const objects = await Promise.all(frontier.map((id) => loadObject(context, id)));
    const hidden = objects.filter(
      (object) => object !== undefined && [...object.placements.values()].some((placement) => placement.hidden),
    );
    if (hidden.some((object) => object?.row.state !== 'closed')) return false;
    frontier = [...new Set(hidden.flatMap((object) => [...(object?.row.links ?? [])]))].filter((id) => !seen.has(id));
  }
  return true;
}

/** Unready things that get an edge at a time (protocols.md §2). */
const dependencyWindow = 25;
const dependencyPageSize = 100;
/** Hidden objects that are followed from one object. */
const hiddenWalkLimit = 1_000;
