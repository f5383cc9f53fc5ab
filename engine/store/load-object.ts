// Reads data objects: one with all its rows, or many at one place.

import type { Context, Key, Row } from '../../core/context.ts';
import { isId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import {
  isGone,
  type ObjectFacts,
  objectKey,
  type Placement,
  placementKey,
  placeOf,
  readObject,
  readPlacement,
} from '../../core/row/objects.ts';
import { type PackedKind, packedKey, readPacked } from '../../core/row/packed.ts';
import { allRows } from './all-rows.ts';
import { unpack } from './packed.ts';

/**
 * One object with the placements that were read. `details`, `spec` (of an applet or a workflow) and `parts` are absent
 * when it has none.
 */
export type LoadedObject = {
  readonly id: ObjectId;
  readonly row: ObjectFacts;
  readonly placements: ReadonlyMap<PlaceId, Placement>;
  readonly details?: unknown;
  readonly spec?: unknown;
  readonly parts?: unknown;
};

/**
 * The object with this id and all its rows, read consistently; undefined when there is none, or it is being deleted.
 */
export async function loadObject(context: Context, id: ObjectId): Promise<LoadedObject | undefined> {
  const bySortKey = new Map<string, Row>();
  for await (const row of allRows(context, 'objects', { pk: id, maximumRowCount })) bySortKey.set(row.sk, row);
  return toLoadedObject(id, bySortKey);
}

/**
 * One object with its placement at one place. The other placements are not read: every job that waits or runs has one of
 * its applet. Undefined when the object is not there.
 */
export async function loadObjectAt(context: Context, place: PlaceId, id: ObjectId): Promise<LoadedObject | undefined> {
  const [object] = await loadObjectsAt(context, place, [id], packedOf(id));
  return object;
}

/**
 * Objects at one place, parallel to `ids`: undefined where one does not exist or is not there.
 *
 * @param wanted which of the larger rows to read as well
 */
export async function loadObjectsAt(
  context: Context,
  place: PlaceId,
  ids: readonly ObjectId[],
  wanted: readonly PackedKind[] = [],
): Promise<(LoadedObject | undefined)[]> {
  const objects = await loadObjectsAnywhere(context, place, ids, wanted);
  return objects.map((object) => (object?.placements.has(place) ? object : undefined));
}

/**
 * The same as `loadObjectsAt`, but also for objects that are only in other places. They come without a placement, so
 * their names there are not revealed.
 */
export async function loadObjectsAnywhere(
  context: Context,
  place: PlaceId,
  ids: readonly ObjectId[],
  wanted: readonly PackedKind[] = [],
): Promise<(LoadedObject | undefined)[]> {
  const keysOf = (id: ObjectId): Key[] => [
    objectKey(id),
    placementKey(id, place),
    ...wanted.map((kind) => packedKey(id, kind)),
  ];
  const rows = await context.rows.getMany('objects', ids.flatMap(keysOf));
  const rowsEach = wanted.length + 2;
  return ids.map((id, index) => {
    const own = rows.slice(index * rowsEach, (index + 1) * rowsEach).filter((row) => row !== undefined);
    return toLoadedObject(id, new Map(own.map((row) => [row.sk, row])));
  });
}

/** The kinds of the larger rows that an object of its class may have. */
function packedOf(id: ObjectId): readonly PackedKind[] {
  if (isId(id, 'applet')) return ['details', 'applet'];
  if (isId(id, 'workflow')) return ['details', 'workflow'];
  return isId(id, 'file') ? ['details', 'parts'] : ['details'];
}

function toLoadedObject(id: ObjectId, rows: ReadonlyMap<string, Row>): LoadedObject | undefined {
  const facts = readObject(rows.get(objectKey(id).sk));
  if (isGone(facts)) return undefined;
  const placements = new Map<PlaceId, Placement>();
  for (const row of rows.values()) {
    const place = placeOf(row);
    const placement = place === undefined ? undefined : readPlacement(row);
    if (place !== undefined && placement !== undefined) placements.set(place, placement);
  }
  const unpacked = (kind: PackedKind) => unpack(readPacked(rows.get(packedKey(id, kind).sk), kind));
  const [details, parts] = [unpacked('details'), unpacked('parts')];
  const spec = facts.className === 'workflow' ? unpacked('workflow') : unpacked('applet');
  return { id, row: facts, placements, details, spec, parts };
}

/** Rows of one object, nearly all of them placements. */
const maximumRowCount = 20_000;
