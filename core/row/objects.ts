// The rows of data objects: their facts, their places, the links to them, and the listings of folders.

import type { Key, Row } from '../context.ts';
import { given } from '../given.ts';
import {
  type FileId,
  isObjectId,
  isPlaceId,
  type JobId,
  type ObjectClass,
  type ObjectId,
  objectClasses,
  type PlaceId,
  type UserId,
} from '../id/identifier.ts';
import type { FilePart } from '../object/part.ts';
import { type ObjectState, objectStates } from '../object/state.ts';
import { defineRow, readRow } from './kind.ts';
import { nameKey, nameKeyPrefix } from './name-key.ts';

export type CreatedBy = { readonly user: UserId; readonly job?: JobId; readonly executable?: string };

/** The facts that are the same wherever the object is. Times are in milliseconds, `size` in bytes. */
export type ObjectFacts = {
  readonly className: ObjectClass;
  readonly state: ObjectState;
  readonly created: number;
  readonly createdBy: CreatedBy;
  /** The place of its creation: its bytes stay under this prefix for ever. */
  readonly birth: PlaceId;
  readonly types: readonly string[];
  /** The objects that it links to: links in its details, the bundles of an applet, and `stageLinks`. */
  readonly links: readonly ObjectId[];
  /** The executables of a workflow's stages. Edits change them apart from the links in its details. */
  readonly stageLinks?: readonly ObjectId[];
  /** Counts the edits of a workflow. Each is conditional on the one before. */
  readonly editVersion?: number;
  /** Digest of the request that created it. It distinguishes the request from another one with the same nonce. */
  readonly digest: string;
  readonly size?: number;
  readonly media?: string;
  readonly uploadId?: string;
  /** The last visibility that was set. The placements are what counts. */
  readonly hidden?: boolean;
  /** Counts the changes of `types`. */
  readonly typesRevision?: number;
  /** A collector's mark, which alone has no effect. It is `gone` once the deletion is decided (collect.ts). */
  readonly dying?: string;
  /**
   * Present once the object is gone, in milliseconds since 1970. Until then its bytes may be written again, by URLs
   * that were given out.
   */
  readonly goneUntil?: number;
};

/** The presence of an object in a place, with its metadata there. It is the reference to the bytes. */
export type Placement = {
  readonly folderId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly hidden: boolean;
  readonly modified: number;
  /** Counts the changes. Each is conditional on the one before. */
  readonly revision: number;
  /** Names the listing row that belongs to it, and its writer: only that writer may take it back. */
  readonly mark: string;
  /**
   * Names the try of a job that made it by handing over its output (`ownName` of the job). If the try ends without
   * being done, it takes the placement back. It is absent once anybody else has asked for the placement or changed it.
   */
  readonly by?: string;
};
type Listing = { readonly id: ObjectId; readonly mark: string };
/** `uploadId` names the upload that the part was announced for. */
type AnnouncedPart = FilePart & { readonly uploadId: string };
export const objectKind = defineRow<ObjectFacts>({
  table: 'objects',
  name: 'object',
  pk: '{object}',
  sk: 'A',
  meaning: 'The facts that are the same wherever the object is: its class, state, creation, types and links.',
  fields: {
    required: {
      className: objectClasses,
      state: objectStates,
      created: 'number',
      createdBy: 'map',
      birth: 'text',
      types: { each: 'text' },
      links: { each: 'text' },
      digest: 'text',
    },
    optional: {
      stageLinks: { each: 'text' },
      editVersion: 'number',
      size: 'number',
      media: 'text',
      uploadId: 'text',
      hidden: 'flag',
      typesRevision: 'number',
      dying: 'text',
      goneUntil: 'number',
    },
  },
});
export const placementKind = defineRow<Placement>({
  table: 'objects',
  name: 'placement',
  pk: '{object}',
  sk: 'P#{place}',
  meaning: 'The object is in that place, with this name and metadata. Each placement is a reference to the bytes.',
  fields: {
    required: {
      folderId: 'text',
      name: 'text',
      tags: { each: 'text' },
      properties: 'map',
      hidden: 'flag',
      modified: 'number',
      revision: 'number',
      mark: 'text',
    },
    optional: { by: 'text' },
  },
});
export const linkKind = defineRow<object>({
  table: 'objects',
  name: 'link',
  pk: '{object}#links',
  sk: '{linking object}',
  meaning: 'That object links to this one. This is a hint: the row of the linking object decides.',
  fields: { required: {}, optional: {} },
});
export const announcedPartKind = defineRow<AnnouncedPart>({
  table: 'objects',
  name: 'announced part',
  pk: '{file}#upload',
  sk: '{number in 5 digits}',
  meaning: 'A part of an open file that a client has asked an upload URL for.',
  fields: { required: { index: 'number', size: 'number', md5: 'text', uploadId: 'text' }, optional: {} },
});
export const listingKind = defineRow<Listing>({
  table: 'objects',
  name: 'listing',
  pk: '{place}#{folder}',
  sk: '{name}#{object}',
  meaning: 'The folder has an object of that name. This is a hint: the placement decides.',
  fields: { required: { id: 'text', mark: 'text' }, optional: {} },
});

/** The key of the facts that are the same wherever the object is. */
export function objectKey(id: ObjectId): Key {
  return { pk: id, sk: 'A' };
}

export function objectRow(id: ObjectId, facts: ObjectFacts): Row {
  const { createdBy, types, links, stageLinks, ...others } = facts;
  const lists = { types: [...types], links: [...links], ...given({ stageLinks: stageLinks && [...stageLinks] }) };
  return { ...objectKey(id), ...others, ...lists, createdBy: { ...createdBy } };
}

/** Reads the facts about an object. All its links stand together. The result is undefined when there is no row. */
export function readObject(row: Row | undefined): ObjectFacts | undefined {
  if (row === undefined) return undefined;
  const { pk, sk, ...facts } = readRow(objectKind, row);
  const { links, stageLinks } = facts;
  return stageLinks === undefined ? facts : { ...facts, links: [...new Set([...links, ...stageLinks])] };
}

/** The value of `dying` when the deletion is decided. */
export const gone = 'gone';

/** True when there is no such object any more. Any other mark than `gone` may come from a crashed collector. */
export function isGone(facts: ObjectFacts | undefined): facts is undefined {
  return facts === undefined || facts.dying === gone;
}

export function placementKey(id: ObjectId, place: PlaceId): Key {
  return { pk: id, sk: `${placementPrefix}${place}` };
}

export function placementRow(id: ObjectId, place: PlaceId, placement: Placement): Row {
  const { tags, properties } = placement;
  return { ...placementKey(id, place), ...placement, tags: [...tags], properties: { ...properties } };
}

/** A placement. Undefined when there is no row. */
export function readPlacement(row: Row | undefined): Placement | undefined {
  if (row === undefined) return undefined;
  const { pk, sk, ...placement } = readRow(placementKind, row);
  return placement;
}

/** The place of a placement's key. Undefined for the key of another row of the object. */
export function placeOf({ sk }: Key): PlaceId | undefined {
  const place = sk.slice(placementPrefix.length);
  return sk.startsWith(placementPrefix) && isPlaceId(place) ? place : undefined;
}

/** The partition of the links to an object. */
export function linkPartition(target: ObjectId): string {
  return `${target}#links`;
}

export function linkKey(target: ObjectId, from: ObjectId): Key {
  return { pk: linkPartition(target), sk: from };
}

/** The object that links. */
export function readLink(row: Row): ObjectId {
  const { sk } = readRow(linkKind, row);
  if (!isObjectId(sk)) throw new Error(`The row ${row.pk} · ${sk} of objects names no object that links`);
  return sk;
}

/** The partition of a file's announced parts. */
export function uploadPartition(file: ObjectId): string {
  return `${file}#upload`;
}

export function announcedPartRow(file: FileId, part: FilePart, uploadId: string): Row {
  const { index, size, md5 } = part;
  return { pk: uploadPartition(file), sk: String(index).padStart(indexDigits, '0'), index, size, md5, uploadId };
}

export function readAnnouncedPart(row: Row): AnnouncedPart {
  const { index, size, md5, uploadId } = readRow(announcedPartKind, row);
  return { index, size, md5, uploadId };
}

/** The partition of a folder's listing. */
export function listingPartition(place: PlaceId, folderId: string): string {
  return `${place}#${folderId}`;
}

/** The beginning of the sort keys of all names with this beginning. */
export function listingPrefix(beginning: string): string {
  return nameKeyPrefix(beginning);
}

export function listingKey(place: PlaceId, folderId: string, name: string, id: ObjectId): Key {
  return { pk: listingPartition(place, folderId), sk: `${nameKey(name)}#${id}` };
}

export function listingRow(key: Key, id: ObjectId, mark: string): Row {
  return { ...key, id, mark };
}

/** The object that a listing names. */
export function readListing(row: Row): ObjectId {
  return readRow(listingKind, row).id;
}

/** The beginning of the sort keys of placements. */
export const placementPrefix = 'P#';
const indexDigits = 5;
