// The waits of a new job, from its references and what was found of them.

import { invalidInput, resourceNotFound } from '../error/api-error.ts';
import type { Dependency } from '../execution/dependency.ts';
import type { JobId, ObjectId, PlaceId } from '../id/identifier.ts';
import type { Wanted } from './prepare-input.ts';
import type { Refusal } from './refusal.ts';

/** A data object that was found and that the caller may see. */
export type FoundObject = {
  readonly closed: boolean;
  /** It links to other objects, whose hidden ones must be closed too (docs/reference/api.md, "Job states"). */
  readonly linking: boolean;
  /** The place where the caller may use it. Absent: the project context. */
  readonly place?: PlaceId;
};
/** Everything that was found of a call's references. Only things that exist and that the caller may see are here. */
export type FoundReferences = {
  readonly jobs: ReadonlySet<JobId>;
  readonly objects: ReadonlyMap<ObjectId, FoundObject>;
  /** One of the jobs that cannot end until a job in which the new one is nested has ended. */
  readonly circular?: JobId | undefined;
};

/**
 * The waits in a fixed order. Objects that are ready for good are left out. These are refused: what was not found
 * (ResourceNotFound), and jobs that cannot end before this one does.
 *
 * @param ancestors the jobs in which the new one is nested: they wait for it
 */
export function planWaits(
  wanted: Wanted,
  found: FoundReferences,
  ancestors: readonly JobId[],
): readonly Dependency[] | Refusal {
  for (const job of wanted.jobs) {
    if (!found.jobs.has(job)) return { refused: resourceNotFound(job) };
    if (ancestors.includes(job) || job === found.circular) {
      return { refused: invalidInput(`${job} waits for this job to end, so this job cannot wait for ${job}`) };
    }
  }
  const waits: Dependency[] = wanted.jobs.map((job) => ({ kind: 'execution', execution: job }));
  for (const object of wanted.objects.keys()) {
    const facts = found.objects.get(object);
    if (facts === undefined) return { refused: resourceNotFound(object) };
    if (!facts.closed || facts.linking) waits.push({ kind: 'object', object });
  }
  return waits;
}
