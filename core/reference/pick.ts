// Picks the value that a reference names out of an output, and keeps of many outputs only what references name.

import type { AnalysisId, JobId } from '../id/identifier.ts';
import type { AnalysisReference, JobReference, Reference } from './reference.ts';
import { type Hash, jsonBytes, maximumValueBytes } from './value.ts';

/**
 * The outputs of finished executions, with their references resolved, or the parts of them that are needed. `too large`:
 * the parts of this output and of those before it have more bytes than a value may have.
 */
export type Outputs = ReadonlyMap<JobId | AnalysisId, Hash | 'too large'>;
export type Picked = { readonly value: unknown } | { readonly problem: string };

/** The value that a reference names, or the reason why there is none. */
export function pick(reference: JobReference | AnalysisReference, outputs: Outputs): Picked {
  const id = sourceOf(reference);
  const output = outputs.get(id);
  if (output === undefined) return { problem: `the output of ${id} is not known, or may not be seen` };
  if (output === 'too large') {
    const limit = `the ${maximumValueBytes} bytes of JSON that are allowed: pass files instead`;
    return { problem: `the outputs that are referred to, up to that of ${id}, have more than ${limit}` };
  }
  const { field, index } = reference;
  if (!Object.hasOwn(output, field)) {
    const names = Object.keys(output).slice(0, shownNameCount).join(', ') || 'empty';
    return { problem: `${id} has no output field "${field}" (its output: ${names})` };
  }
  const value = output[field];
  if (index === undefined) return { value };
  if (!Array.isArray(value))
    return { problem: `output "${field}" of ${id} is not an array, so it has no element ${index}` };
  if (index >= value.length) {
    return { problem: `output "${field}" of ${id} has ${value.length} elements, so there is none at index ${index}` };
  }
  return { value: value[index] };
}

/**
 * A function that keeps of each output what these references name. It counts the bytes: an input that refers to
 * thousands of outputs is refused before all of them are in memory.
 */
export function createPicker(references: readonly Reference[]): (id: JobId, output: Hash) => Hash | 'too large' {
  const wanted = new Map<string, (JobReference | AnalysisReference)[]>();
  for (const one of references) {
    if (one.kind === 'object') continue;
    const id = sourceOf(one);
    wanted.set(id, [...(wanted.get(id) ?? []), one]);
  }
  let left = maximumValueBytes;
  return (id, output) => {
    if (left < 0) return 'too large';
    const kept = keepWanted(output, wanted.get(id) ?? []);
    left -= jsonBytes(kept, left);
    return left < 0 ? 'too large' : kept;
  };
}

/** The fields that are named. If one does not exist, the names of some others are kept, for the message. */
function keepWanted(output: Hash, references: readonly (JobReference | AnalysisReference)[]): Hash {
  const kept: Record<string, unknown> = {};
  for (const { field, index } of references) {
    const value = output[field];
    if (!Object.hasOwn(output, field)) {
      for (const name of Object.keys(output).slice(0, shownNameCount))
        if (!Object.hasOwn(kept, name)) kept[name] = null;
    } else if (index === undefined || !Array.isArray(value)) kept[field] = value;
    else kept[field] = withElement(kept[field], value, index);
  }
  return kept;
}

/**
 * An array as long as `value` that holds only the elements which were asked for. If the whole array was asked for, too,
 * `before` is that array, and it stays as it is. An array that once was very long takes memory for its elements only;
 * any other takes memory for its empty places, too.
 */
function withElement(before: unknown, value: readonly unknown[], index: number): unknown[] {
  const elements: unknown[] = Array.isArray(before) ? before : [];
  if (elements !== before) elements.length = maximumArrayLength;
  elements.length = value.length;
  if (index < value.length) elements[index] = value[index];
  return elements;
}

function sourceOf(reference: JobReference | AnalysisReference): JobId | AnalysisId {
  return reference.kind === 'job' ? reference.job : reference.analysis;
}

const maximumArrayLength = 2 ** 32 - 1;
/** Names of an output that a message prints. */
const shownNameCount = 10;
