// The forms in which inputs and outputs name data objects and other executions' outputs (docs/reference/api.md,
// "References"). This file reads one hash; find.ts walks values, and resolve.ts replaces references.

import { given } from '../given.ts';
import {
  type AnalysisId,
  isId,
  isObjectId,
  isPlaceId,
  type JobId,
  type ObjectId,
  type PlaceId,
} from '../id/identifier.ts';
import { type Hash, isHash } from './value.ts';

type ObjectReference = {
  readonly kind: 'object';
  readonly object: ObjectId;
  /** The place to look in first. It is only a hint. */
  readonly project?: PlaceId;
};
/** The part of that output that a job- or analysis-based object reference (JBOR) picks. */
type Pick = {
  readonly field: string;
  /** One element of an array output, from 0. */
  readonly index?: number;
  /** `name`, `properties.<key>` or `details.<key>` of the referenced object, instead of the object. */
  readonly metadata?: string;
};
export type JobReference = Pick & { readonly kind: 'job'; readonly job: JobId };
export type AnalysisReference = Pick & { readonly kind: 'analysis'; readonly analysis: AnalysisId };
export type Reference = ObjectReference | JobReference | AnalysisReference;

/**
 * Reads a hash. The result is a reference, a problem when the hash is marked as a link but has none of the known forms,
 * or undefined when it is an ordinary hash. The forms that only workflow definitions know (`stage`, `workflowInputField`)
 * are problems.
 */
export function readReference(
  hash: Hash,
): Reference | { readonly kind: 'problem'; readonly problem: string } | undefined {
  if (!Object.hasOwn(hash, linkKey)) return readLegacyReference(hash);
  if (Object.keys(hash).length !== 1) return problem(`"${linkKey}" must be the only key of its hash`);
  const link = hash[linkKey];
  if (typeof link === 'string') {
    return isObjectId(link) ? { kind: 'object', object: link } : problem(`"${link}" is not the id of a data object`);
  }
  if (!isHash(link)) return problem(`"${linkKey}" must be an id or a hash`);
  if ('id' in link) return readProjectLink(link);
  if ('job' in link)
    return isId(link.job, 'job') ? readPick(link, { kind: 'job', job: link.job }) : noId('a job', link.job);
  if ('analysis' in link) {
    if (!isId(link.analysis, 'analysis')) return noId('an analysis', link.analysis);
    return readPick(link, { kind: 'analysis', analysis: link.analysis });
  }
  return problem(`"${linkKey}" must have "id", "job" or "analysis", not ${quoteKeys(link)}`);
}

/** True for `name`, `properties.<key>` and `details.<key>`. */
export function isMetadataName(text: unknown): text is string {
  return typeof text === 'string' && metadataPattern.test(text);
}

/** The short form of a link to a data object. */
export function linkTo(object: ObjectId): Hash {
  return { [linkKey]: object };
}

/** `{job, field}` with exactly these keys, as dx-jobutil-add-output writes it. */
function readLegacyReference(hash: Hash): JobReference | undefined {
  if (Object.keys(hash).length !== 2 || !isId(hash.job, 'job') || typeof hash.field !== 'string') return undefined;
  return { kind: 'job', job: hash.job, field: hash.field };
}

function readProjectLink(link: Hash) {
  if (!isObjectId(link.id)) return noId('a data object', link.id);
  const hint = link.project ?? undefined;
  if (hint === undefined) return { kind: 'object', object: link.id } as const;
  if (!isPlaceId(hint)) return noId('a project', hint);
  return { kind: 'object', object: link.id, project: hint } as const;
}

function readPick<Source extends { kind: 'job'; job: JobId } | { kind: 'analysis'; analysis: AnalysisId }>(
  link: Hash,
  source: Source,
) {
  const { field, stage, index, metadata } = link;
  if (typeof field !== 'string' || field === '') return problem(`the link to ${sourceId(source)} must name a "field"`);
  if (index !== undefined && !(Number.isInteger(index) && (index as number) >= 0)) {
    return problem(`"index" of the link to ${sourceId(source)} must be an integer from 0`);
  }
  if (metadata !== undefined && !isMetadataName(metadata)) {
    return problem(`"metadata" of the link to ${sourceId(source)} must be name, properties.<key> or details.<key>`);
  }
  return {
    ...source,
    field: source.kind === 'analysis' && typeof stage === 'string' ? `${stage}.${field}` : field,
    ...given({ index: index as number | undefined, metadata: metadata as string | undefined }),
  };
}

function sourceId(source: { kind: 'job'; job: JobId } | { kind: 'analysis'; analysis: AnalysisId }): string {
  return source.kind === 'job' ? source.job : source.analysis;
}

function noId(what: string, found: unknown) {
  return problem(`${JSON.stringify(found) ?? 'nothing'} is not the id of ${what}`);
}

function problem(text: string) {
  return { kind: 'problem', problem: text } as const;
}

function quoteKeys(hash: Hash): string {
  return (
    Object.keys(hash)
      .slice(0, 5)
      .map((key) => `"${key}"`)
      .join(', ') || 'nothing'
  );
}

const linkKey = '$dnanexus_link';
const metadataPattern = /^(name|properties\..+|details\..+)$/s;
