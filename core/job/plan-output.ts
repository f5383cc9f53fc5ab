// Decides on a job's output once everything that it refers to is there: the final output, the problems that fail the
// job, and the destination of its objects. Everything that was looked up is an argument.

import { type Failure, failureMessages } from '../execution/failure.ts';
import { isObjectId, type JobId, type ObjectId, type PlaceId } from '../id/identifier.ts';
import { workspaceId } from '../id/workspace.ts';
import { checkValues } from '../iospec/check-values.ts';
import { checkOutputFields, tidy } from '../iospec/fill-input.ts';
import { findReferences, referredObjects } from '../reference/find.ts';
import { normalizeLinks, type Referenced, resolveValues } from '../reference/resolve.ts';
import { type Hash, isHash } from '../reference/value.ts';
import { type HandedOver, unseenObjects } from './handed-over.ts';
import { enclosingMaster, type JobRow, jobWorkspace } from './row.ts';
import type { ExecutionSpec } from './spec.ts';

type Problems = { readonly problems: readonly string[] };
/** The facts that decide on an output. Undefined for a subjob, which has no specification. */
type OutputSpec = Pick<ExecutionSpec, 'outputSpec' | 'folder'> | undefined;

export type ResolvedOutput = {
  /** The output with references replaced, arrays flattened, and without what is null. */
  readonly output: Hash;
  /** The data objects that it links to. */
  readonly objects: readonly ObjectId[];
};

export type OutputFacts = {
  readonly row: JobRow;
  readonly spec: OutputSpec;
  /** As the worker reported it, or as an earlier look stored it. */
  readonly before: Hash;
  readonly resolved: ResolvedOutput;
  readonly handedOver: HandedOver;
};
/** Objects from one place that go to another. */
export type OutputClone = {
  readonly objects: readonly ObjectId[];
  readonly from: PlaceId;
  readonly to: { readonly container: PlaceId; readonly folder: string };
  /** Each object keeps, under `to.folder`, the folder that it has in `from`. */
  readonly keepFolders: boolean;
};
export type OutputPlan = {
  /** The objects that must be closed before anything is cloned. */
  readonly awaited: readonly ObjectId[];
  readonly clones: readonly OutputClone[];
  /** The content of body `O`. Undefined when it holds that already. */
  readonly output: Hash | undefined;
};

/** The output with the outputs that it refers to, or the problems of putting them in. */
export function resolveOutput(spec: OutputSpec, before: Hash, referenced: Referenced): ResolvedOutput | Problems {
  const resolved = resolveValues(before, referenced);
  if ('problem' in resolved) return { problems: [resolved.problem] };
  const output = tidy(spec?.outputSpec, resolved.value);
  return { output, objects: referredObjects(findReferences(output)) };
}

/**
 * The plan for a resolved output. Objects of a subjob are not cloned and do not have to be closed, but its links must
 * be its own to hand over. Links are stored in their short form (docs/reference/api.md, "References").
 */
export function planOutput(facts: OutputFacts): OutputPlan | Problems {
  const { spec, before, resolved } = facts;
  const problems = spec === undefined ? unseenProblems(facts) : checkOutput(facts);
  if (problems.length > 0) return { problems };
  const normal = normalizeLinks(resolved.output) as Hash;
  return {
    awaited: spec === undefined ? [] : resolved.objects,
    clones: planClones(facts),
    output: JSON.stringify(normal) === JSON.stringify(before) ? undefined : normal,
  };
}

/** Every place where the outputs of a job may be: each has its own names and properties for the same object. */
export function outputPlaces(row: JobRow): PlaceId[] {
  return [...new Set([row.project, outputContainer(row), jobWorkspace(row)])];
}

/**
 * The data objects that a try may have placed, by its body `O`: those that its output links to. A failure whose whole
 * message takes the place of the output names them.
 */
export function placedObjects(body: unknown): ObjectId[] {
  if (!isHash(body)) return [];
  if (Array.isArray(body.objects)) return body.objects.filter(isObjectId);
  return isHash(body.output) ? referredObjects(findReferences(body.output)) : [];
}

/** The failure of a job whose output has these problems. */
export function outputFailure(problems: readonly string[]): Failure {
  return { reason: 'OutputError', message: failureMessages.output(problems) };
}

function checkOutput({ spec, resolved: { output, objects }, handedOver }: OutputFacts): string[] {
  const { facts, bound } = handedOver;
  const values = checkValues(spec?.outputSpec ?? [], output, facts);
  const named = objects.filter((object) => facts.get(object)?.state === 'open');
  const open = new Set([...named, ...(handedOver.open ?? [])]);
  const unseen = unseenObjects(objects, handedOver).filter((id) => !values.some((problem) => problem.includes(id)));
  return [
    ...checkOutputFields(spec?.outputSpec, output),
    ...values,
    ...[...open].map((object) => `${object} is still open, and every job that could close it has ended`),
    ...unseen.map(unseenReference),
    ...bound.map((object) => `${object} is in a project that is restricted or in another region: it cannot leave it`),
  ];
}

function unseenProblems({ resolved, handedOver }: OutputFacts): string[] {
  return unseenObjects(resolved.objects, handedOver).map(unseenReference);
}

/** The problem of a reference to something that does not exist, or that the job may not see. */
export function unseenReference(id: string): string {
  return `${id} could not be found, or the job may not see it`;
}

/** The problem of an output that refers to a job which waits for it. */
export function circularReference(job: JobId, referred: JobId): string {
  if (job === referred) return `it refers to itself: the output of ${job} is not known before the job has ended`;
  return `it refers to ${referred}, which waits for this job to end, so neither would ever end`;
}

function planClones({ row, spec, handedOver: { places } }: OutputFacts): OutputClone[] {
  if (spec === undefined) return [];
  const to = { container: outputContainer(row), folder: spec.folder };
  const workspace = jobWorkspace(row);
  const byPlace = Map.groupBy(places.keys(), (object) => places.get(object) ?? workspace);
  return [...byPlace].map(([from, objects]) => ({ objects, from, to, keepFolders: from === workspace }));
}

/**
 * The destination of a master job's output: the workspace of the master job above it, or the project of an origin job.
 */
export function outputContainer(row: JobRow): PlaceId {
  const above = enclosingMaster(row);
  return above === undefined ? row.project : workspaceId(above.master, above.try);
}
