// Reads rows from the events that a table's stream sends to a function. Pure.

import type { Row, Value } from '../../core/context.ts';
import { withOwnKeys } from './special-key.ts';

/** An attribute as the event has it: numbers as text, bytes in base64. */
export type StreamAttribute = {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
  readonly NULL?: boolean;
  readonly B?: string;
  readonly L?: readonly StreamAttribute[];
  readonly M?: { readonly [name: string]: StreamAttribute };
};

/** @throws Error for an image without keys, or with a type that our rows do not have (sets). */
export function rowOfImage(image: { readonly [name: string]: StreamAttribute }): Row {
  const row = mapOf(image);
  const { pk, sk } = row;
  if (typeof pk !== 'string' || typeof sk !== 'string') throw new Error('A stream record has an image without keys.');
  return withOwnKeys({ ...row, pk, sk });
}

function mapOf(image: { readonly [name: string]: StreamAttribute }): { [name: string]: Value } {
  return Object.fromEntries(Object.entries(image).map(([name, attribute]) => [name, valueIn(attribute)]));
}

function valueIn(attribute: StreamAttribute): Value {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.NULL) return null;
  if (attribute.B !== undefined) return new Uint8Array(Buffer.from(attribute.B, 'base64'));
  if (attribute.L !== undefined) return attribute.L.map(valueIn);
  if (attribute.M !== undefined) return mapOf(attribute.M);
  throw new Error(`A stream record has an attribute of the type ${Object.keys(attribute).join()}.`);
}
