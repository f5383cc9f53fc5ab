// What a new job has to wait for, out of what it refers to and what was found of that.

import { invalidInput, resourceNotFound } from '../error/api-error.ts';
import type { JobId, ObjectId, PlaceId } from '../id/identifier.ts';
import type { Dependency } from '../job/spec.ts';
import type { Wanted } from './prepare-input.ts';
import type { Refusal } from './refusal.ts';

/** What was found of a data object that the caller may see. */
export type FoundObject = {
  readonly closed: boolean;
  /** It links to other objects, of which hidden ones must be closed too (docs/reference/api.md, "Job states"). */
  readonly linking: boolean;
  /** Where the caller may use it; absent: in the project context. */
  readonly place?: PlaceId;
};
/** What was found of everything that a call refers to: only what exists and the caller may see. */
export type FoundReferences = {
  readonly jobs: ReadonlySet<JobId>;
  readonly objects: ReadonlyMap<ObjectId, FoundObject>;
};

/**
 * The waits in a fixed order; objects that are ready for good are left out. Refused: what was not found
 * (ResourceNotFound), and jobs that cannot end before this one does.
 *
 * @param ancestors the jobs that the new one is nested in: they wait for it
 */
export function planWaits(
  wanted: Wanted,
  found: FoundReferences,
  ancestors: readonly JobId[],
): readonly Dependency[] | Refusal {
  for (const job of wanted.jobs) {
    if (!found.jobs.has(job)) return { refused: resourceNotFound(job) };
    if (ancestors.includes(job)) {
      return { refused: invalidInput(`${job} waits for this job to end, so this job cannot wait for ${job}`) };
    }
  }
  const waits: Dependency[] = wanted.jobs.map((job) => ({ kind: 'job', job }));
  for (const object of wanted.objects.keys()) {
    const facts = found.objects.get(object);
    if (facts === undefined) return { refused: resourceNotFound(object) };
    if (!facts.closed || facts.linking) waits.push({ kind: 'object', object });
  }
  return waits;
}
