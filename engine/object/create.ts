// Creates data objects. A request that is repeated with its nonce has the same id, and finds the first one's object.

import type { Context, Write } from '../../core/context.ts';
import { invalidInput, nonceReused } from '../../core/error/api-error.ts';
import { given } from '../../core/given.ts';
import { type ObjectClass, type ObjectId, type PlaceId, parseId } from '../../core/id/identifier.ts';
import type { ObjectState } from '../../core/object/state.ts';
import {
  type CreatedBy,
  listingKey,
  listingRow,
  objectKey,
  objectRow,
  placementRow,
  readObject,
} from '../../core/row/objects.ts';
import { packedRow } from '../../core/row/packed.ts';
import { writeLinks } from '../placement/link.ts';
import { newMark } from '../store/mark.ts';
import { pack } from '../store/packed.ts';

export type NewObject = {
  readonly id: ObjectId;
  readonly place: PlaceId;
  readonly folderId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly types: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly hidden: boolean;
  readonly details: unknown;
  readonly links: readonly ObjectId[];
  readonly state: ObjectState;
  readonly createdBy: CreatedBy;
  readonly digest: string;
  readonly media?: string;
  /** The body of an applet or a workflow. */
  readonly spec?: unknown;
  readonly stageLinks?: readonly ObjectId[];
  readonly editVersion?: number;
};

/**
 * True when the same request has already created the object. Then nothing more is to be done or checked.
 *
 * @throws ApiError InvalidInput, as clients know it for a reused nonce, when another request created the object
 */
export async function wasCreated(context: Context, id: ObjectId, digest: string): Promise<boolean> {
  const facts = readObject(await context.rows.get('objects', objectKey(id)));
  if (facts === undefined) return false;
  if (facts.digest !== digest) throw nonceReused();
  return true;
}

/** Creates an object in one transaction. The listing and the links are hints, so they are written before it. */
export async function createObject(context: Context, object: NewObject): Promise<ObjectId> {
  if (await wasCreated(context, object.id, object.digest)) return object.id;
  const mark = newMark(context);
  const writes = writesOf(context, object, mark);
  await writeLinks(context, object.id, [...object.links, ...(object.stageLinks ?? [])]);
  const { id, place, folderId, name } = object;
  await context.rows.put('objects', listingRow(listingKey(place, folderId, name, id), id, mark));
  if (await context.rows.transact(writes)) return object.id;
  if (await wasCreated(context, object.id, object.digest)) return object.id;
  throw invalidInput(`"${object.id}" was removed while it was being created`);
}

function writesOf(context: Context, object: NewObject, mark: string): Write[] {
  const { id, place, folderId, name, tags, types, properties, hidden, details, links, media, spec } = object;
  const { state, createdBy, digest, stageLinks, editVersion } = object;
  const now = context.now();
  const className = parseId(id)?.className as ObjectClass;
  const facts = { className, state, created: now, createdBy, birth: place, types, links, digest };
  const placement = { folderId, name, tags, properties, hidden, modified: now, revision: 0, mark };
  const put = (row: Extract<Write, { kind: 'put' }>['row']): Write => ({
    kind: 'put',
    table: 'objects',
    row,
    expected: 'absent',
  });
  const writes = [
    put(objectRow(id, { ...facts, ...given({ media, stageLinks, editVersion }) })),
    put(placementRow(id, place, placement)),
  ];
  if (hasContent(details)) writes.push(put(packedRow(id, 'details', pack(details, 'details'))));
  if (spec !== undefined) {
    const kind = className === 'workflow' ? 'workflow' : 'applet';
    writes.push(put(packedRow(id, kind, pack(spec, `the ${kind}`))));
  }
  return writes;
}

/** Empty details have no row. */
function hasContent(details: unknown): boolean {
  return Array.isArray(details) || Object.keys(details as object).length > 0;
}
