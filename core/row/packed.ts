// The documents of a data object that have a row of their own, compressed.

import type { Key, Row } from '../context.ts';
import type { ObjectId } from '../id/identifier.ts';
import { defineRow, readRow } from './kind.ts';

type Packed = { readonly body: Uint8Array };
export type PackedKind = (typeof packedKindNames)[number];
export const packedKindNames = ['details', 'applet', 'workflow', 'parts'] as const;

const packed = { required: { body: 'bytes' }, optional: {} } as const;
export const packedKinds = {
  details: defineRow<Packed>({
    table: 'objects',
    name: 'details',
    pk: '{object}',
    sk: 'D',
    meaning: 'The details of the object, compressed. An object without this row has the details `{}`.',
    fields: packed,
  }),
  applet: defineRow<Packed>({
    table: 'objects',
    name: 'applet',
    pk: '{object}',
    sk: 'S',
    meaning: 'The specification of an applet, compressed.',
    fields: packed,
  }),
  workflow: defineRow<Packed>({
    table: 'objects',
    name: 'workflow',
    pk: '{object}',
    sk: 'W',
    meaning: 'The stages of a workflow, with its own inputs and outputs, compressed. An edit replaces the row.',
    fields: packed,
  }),
  parts: defineRow<Packed>({
    table: 'objects',
    name: 'parts',
    pk: '{file}',
    sk: 'F',
    meaning: 'The parts of a file, compressed. The row is written before they are joined.',
    fields: packed,
  }),
} as const satisfies { readonly [Kind in PackedKind]: unknown };
export function packedKey(id: ObjectId, kind: PackedKind): Key {
  return { pk: id, sk: packedKinds[kind].sk };
}

export function packedRow(id: ObjectId, kind: PackedKind, body: Uint8Array): Row {
  return { ...packedKey(id, kind), body };
}

/** Reads the compressed value. The result is undefined when there is no row. */
export function readPacked(row: Row | undefined, kind: PackedKind): Uint8Array | undefined {
  return row === undefined ? undefined : readRow(packedKinds[kind], row).body;
}
