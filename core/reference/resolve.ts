// Replaces references to outputs by the content of those outputs, and brings links into the form that clients expect.
// Pure: the outputs and the metadata are facts that the caller has loaded.

import type { ObjectId } from '../id/identifier.ts';
import { findReferences, referredJobs } from './find.ts';
import { type Outputs, type Picked, pick } from './pick.ts';
import { type AnalysisReference, type JobReference, linkTo, type Reference, readReference } from './reference.ts';
import { exceedsBytes, exceedsDepth, type Hash, isHash, maximumDepth, maximumValueBytes, rebuild } from './value.ts';

export type ObjectMetadata = {
  readonly name: string;
  readonly properties: { readonly [key: string]: string };
  readonly details: unknown;
};
export type Metadata = ReadonlyMap<ObjectId, ObjectMetadata>;
/** The values that replace references. `metadata` is that of the objects that `objectsForMetadata` names. */
export type Referenced = { readonly outputs: Outputs; readonly metadata: Metadata };

/**
 * An input or output with its references replaced. It is a problem if one cannot be replaced, or if the result is
 * beyond the limits.
 */
export function resolveValues(
  values: Hash,
  { outputs, metadata }: Referenced,
): { readonly value: Hash } | { readonly problem: string } {
  if (referredJobs(findReferences(values)).length === 0) return { value: values };
  const resolved = resolveReferences(values, outputs, metadata);
  if ('problem' in resolved) return resolved;
  if (exceedsBytes(resolved.value)) {
    const limit = `more than the ${maximumValueBytes} bytes of JSON that are allowed: pass files instead`;
    return { problem: `with the outputs that it refers to it has ${limit}` };
  }
  if (exceedsDepth(resolved.value)) {
    return { problem: `with the outputs that it refers to it nests deeper than ${maximumDepth} levels` };
  }
  return { value: resolved.value as Hash };
}

/**
 * The value with every job and analysis reference replaced. Links to data objects stay as they are. A reference without
 * a value (no such field, index out of range, no such metadata) is a problem: InputError or OutputError
 * (docs/reference/api.md, "Problems of inputs and outputs"). References to executions that `outputs` lacks are problems
 * too: wait for them first.
 *
 * @param metadata of the objects that `objectsForMetadata` named
 */
export function resolveReferences(
  value: unknown,
  outputs: Outputs,
  metadata: Metadata = new Map(),
): { readonly value: unknown } | { readonly problem: string } {
  const problems: string[] = [];
  const resolved = rebuild(value, (hash) => {
    const reference = readReference(hash);
    if (reference === undefined) return undefined;
    if (reference.kind === 'object') return { value: hash };
    if (reference.kind === 'problem') {
      problems.push(reference.problem);
      return { value: null };
    }
    const picked = pick(reference, outputs);
    const result = 'problem' in picked ? picked : readMetadata(picked.value, reference, metadata);
    if ('problem' in result) problems.push(result.problem);
    return { value: 'problem' in result ? null : result.value };
  });
  return problems.length > 0 ? { problem: problems.slice(0, shownProblemCount).join('; ') } : { value: resolved };
}

/** The value with as many references replaced as possible. It is for showing, not for running. */
export function resolveKnown(value: unknown, outputs: Outputs): unknown {
  return rebuild(value, (hash) => {
    const reference = readReference(hash);
    if (reference === undefined) return undefined;
    if (reference.kind === 'object' || reference.kind === 'problem' || reference.metadata !== undefined)
      return { value: hash };
    const picked = pick(reference, outputs);
    return { value: 'problem' in picked ? hash : picked.value };
  });
}

/** The data objects whose metadata is needed to replace these references, once these outputs are known. */
export function objectsForMetadata(references: readonly Reference[], outputs: Outputs): ObjectId[] {
  const objects = references.flatMap((reference) => {
    if (reference.kind === 'object' || reference.metadata === undefined) return [];
    const picked = pick(reference, outputs);
    const object = 'problem' in picked ? undefined : objectOf(picked.value);
    return object === undefined ? [] : [object];
  });
  return [...new Set(objects)];
}

/**
 * The value with every link to a data object in the short form `{"$dnanexus_link": "<id>"}` (docs/reference/api.md,
 * "References").
 */
export function normalizeLinks(value: unknown): unknown {
  return rebuild(value, (hash) => {
    const reference = readReference(hash);
    if (reference === undefined) return undefined;
    return { value: reference.kind === 'object' ? linkTo(reference.object) : hash };
  });
}

function readMetadata(value: unknown, reference: JobReference | AnalysisReference, metadata: Metadata): Picked {
  if (reference.metadata === undefined) return { value };
  const wanted = reference.metadata;
  const object = objectOf(value);
  if (object === undefined)
    return { problem: `metadata "${wanted}" was requested from an output that is not a data object` };
  const known = metadata.get(object);
  if (known === undefined)
    return { problem: `${object}, whose metadata "${wanted}" was requested, could not be found` };
  return metadataOf(object, known, wanted);
}

/** The name of an object, or a value of its properties or details: `name`, `properties.<key>` or `details.<key>`. */
export function metadataOf(object: ObjectId, known: ObjectMetadata, wanted: string): Picked {
  if (wanted === 'name') return { value: known.name };
  const dot = wanted.indexOf('.');
  const source: unknown = wanted.slice(0, dot) === 'properties' ? known.properties : known.details;
  const key = wanted.slice(dot + 1);
  if (!isHash(source) || !Object.hasOwn(source, key)) return { problem: `${object} has no "${wanted}"` };
  return { value: source[key] };
}

function objectOf(value: unknown): ObjectId | undefined {
  const reference = isHash(value) ? readReference(value) : undefined;
  return reference?.kind === 'object' ? reference.object : undefined;
}

/** Problems of one value that a failure message prints. */
const shownProblemCount = 20;
