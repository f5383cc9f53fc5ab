// The first half of planning a job: checks whether the input can be accepted, and finds what it refers to. The caller
// then looks that up. plan-run.ts and plan-new-job.ts continue with the findings.

import { invalidInput, resourceNotFound } from '../error/api-error.ts';
import { isId, isObjectId, type JobId, type ObjectId, type PlaceId } from '../id/identifier.ts';
import { checkKnownValues } from '../iospec/check-choices.ts';
import { fillInput } from '../iospec/fill-input.ts';
import type { MetadataWish } from '../iospec/metadata-default.ts';
import type { Specification } from '../iospec/parameter.ts';
import type { ExecutionSpec } from '../job/spec.ts';
import { checkReferences, findReferences, referredJobs, referredObjects } from '../reference/find.ts';
import { exceedsDepth, type Hash, maximumDepth } from '../reference/value.ts';
import type { Refusal } from './refusal.ts';
import {
  type ExecutionRequest,
  maximumDependsOnCount,
  maximumInputBytes,
  maximumReferenceCount,
  maximumRestBytes,
} from './request.ts';

/** Everything that must exist, and be visible to the caller, before there is a job. */
export type Wanted = {
  readonly jobs: readonly JobId[];
  /** Each with the place to look in first, if a link names one. */
  readonly objects: ReadonlyMap<ObjectId, PlaceId | undefined>;
};
export type PreparedInput = {
  /** The input as given, without what is null, and with flat arrays. */
  readonly runInput: Hash;
  /** The same with defaults. */
  readonly originalInput: Hash;
  /** Defaults that are the metadata of linked objects. `originalInput` lacks them until they are filled in. */
  readonly wishes: readonly MetadataWish[];
  readonly wanted: Wanted;
  /** The data objects that the input links to, each once. */
  readonly linked: readonly ObjectId[];
  readonly hasJobReferences: boolean;
};

type Asked = { readonly input: Hash; readonly dependsOn: readonly string[] };

/**
 * The input with its defaults, and everything that it and `dependsOn` refer to. These are refused: unknown and missing
 * names, values that are not among their choices, malformed links and inputs beyond the limits (InvalidInput), and ids
 * in `dependsOn` that cannot exist (ResourceNotFound). Values of the wrong class are not refused: they fail the job
 * later (docs/reference/api.md, "Problems of inputs and outputs").
 *
 * @param specification of the executable, for master jobs that have one; subjobs have none
 */
export function prepareInput(asked: Asked, specification: Specification | undefined): PreparedInput | Refusal {
  const problem = checkRequestSize(asked);
  if (problem !== undefined) return { refused: invalidInput(problem) };
  const filled = fillInput(specification, asked.input);
  const problems = [
    ...filled.problems,
    ...checkKnownValues(specification ?? [], filled.given),
    ...checkReferences(filled.input, 'input'),
  ];
  if (problems.length > 0) return { refused: invalidInput(problems) };
  const jobs = new Set<JobId>();
  const objects = new Map<ObjectId, PlaceId | undefined>();
  for (const id of asked.dependsOn) {
    if (isId(id, 'job')) jobs.add(id);
    else if (isObjectId(id)) objects.set(id, objects.get(id));
    else return { refused: resourceNotFound(id, '"dependsOn" takes the ids of jobs and data objects') };
  }
  const references = findReferences(filled.input);
  if (references.length > maximumReferenceCount) {
    return { refused: invalidInput(`the input has more than ${maximumReferenceCount} references`) };
  }
  for (const reference of references) {
    // A run names the jobs of stages instead (core/analysis/refer.ts). Only the check of a batch comes here with one.
    if (reference.kind === 'analysis') return { refused: resourceNotFound(reference.analysis) };
    if (reference.kind === 'job') jobs.add(reference.job);
    else objects.set(reference.object, objects.get(reference.object) ?? reference.project);
  }
  return {
    runInput: filled.given,
    originalInput: filled.input,
    wishes: filled.wishes,
    wanted: { jobs: [...jobs], objects },
    linked: referredObjects(references),
    hasJobReferences: referredJobs(references).length > 0,
  };
}

/** The parts of the call that the specification of a job keeps as the call gave them. Each tag is kept once. */
export function recordRequest(
  request: ExecutionRequest,
  { runInput, originalInput }: PreparedInput,
): Pick<ExecutionSpec, 'runInput' | 'originalInput' | 'tags' | 'properties' | 'details' | 'dependsOn'> {
  const { tags, properties, details, dependsOn } = request;
  return { runInput, originalInput, tags: [...new Set(tags)], properties, details, dependsOn };
}

/** A sentence for a call that is beyond the limits of depth or size. */
export function checkRequestSize({ input, ...rest }: Asked): string | undefined {
  if (exceedsDepth(input) || exceedsDepth(rest)) {
    return `the request nests arrays and hashes deeper than ${maximumDepth} levels`;
  }
  if (rest.dependsOn.length > maximumDependsOnCount) {
    return `"dependsOn" has ${rest.dependsOn.length} entries; at most ${maximumDependsOnCount} are allowed`;
  }
  const inputBytes = byteCount(input);
  if (inputBytes > maximumInputBytes) {
    return `the input has ${inputBytes} bytes of JSON; at most ${maximumInputBytes} are allowed: pass a file instead`;
  }
  const restBytes = byteCount(rest);
  if (restBytes <= maximumRestBytes) return undefined;
  return `the request has ${restBytes} bytes of JSON beside the input; at most ${maximumRestBytes} are allowed`;
}

function byteCount(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
