// A default that is the metadata of the object which another input links to, such as its name (docs/reference/api.md,
// "Input and output specifications").

import { given } from '../given.ts';
import type { ObjectId } from '../id/identifier.ts';
import { isMetadataName, readReference } from '../reference/reference.ts';
import { type Hash, isHash } from '../reference/value.ts';
import type { Specification } from './parameter.ts';

type MetadataDefault = { readonly input: string; readonly metadata: string };
/** An input whose value is the metadata of an object. */
export type MetadataWish = { readonly name: string; readonly object: ObjectId; readonly metadata: string };
/** A reference that takes the place of the default, the wish for a value, or the reason why there is neither. */
type TakenDefault = { readonly value: Hash } | { readonly wish: MetadataWish } | { readonly problem: string };

/** Reads `{"$dnanexus_link": {"input", "metadata"}}`. Undefined for every other value. */
export function readMetadataDefault(value: unknown): MetadataDefault | undefined {
  if (!isHash(value) || Object.keys(value).length !== 1) return undefined;
  const link = value.$dnanexus_link;
  if (!isHash(link) || typeof link.input !== 'string' || !isMetadataName(link.metadata)) return undefined;
  return { input: link.input, metadata: link.metadata };
}

/**
 * The default of an input that was not given. Undefined when the input that it is taken from was not given either: then
 * there is none.
 */
export function takeMetadataDefault(
  name: string,
  { input: source, metadata }: MetadataDefault,
  { specification, input }: { readonly specification: Specification; readonly input: Hash },
): TakenDefault | undefined {
  const otherwise = specification.find((parameter) => parameter.name === source)?.default;
  const chosen = Object.hasOwn(input, source) ? input[source] : undefined;
  const value = chosen ?? (readMetadataDefault(otherwise) === undefined ? otherwise : undefined);
  if (value === undefined || value === null) return undefined;
  const reference = isHash(value) ? readReference(value) : undefined;
  if (reference?.kind === 'object') return { wish: { name, object: reference.object, metadata } };
  if (reference?.kind === 'job' && reference.metadata === undefined) {
    const { job, field, index } = reference;
    return { value: { $dnanexus_link: given({ job, field, index, metadata }) } };
  }
  return {
    problem: `the default of the input "${name}" is "${metadata}" of "${source}", which does not link to one object: give "${name}"`,
  };
}
