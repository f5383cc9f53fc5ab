// What the rows of a data object say. Knows no operations on them.

import type { Context, Key, Row } from '../../core/context.ts';
import type { JobId, ObjectClass, ObjectId, PlaceId, UserId } from '../../core/id/identifier.ts';
import type { ObjectState } from '../../core/object/state.ts';
import { nameKey } from './sort-key.ts';

export type CreatedBy = { readonly user: UserId; readonly job?: JobId; readonly executable?: string };

/** Row A: what is the same wherever the object is. Times in milliseconds, `size` in bytes. */
export type ObjectFacts = {
  readonly className: ObjectClass;
  readonly state: ObjectState;
  readonly created: number;
  readonly createdBy: CreatedBy;
  /** Where it was created: its bytes live under this prefix for ever. */
  readonly birth: PlaceId;
  readonly types: readonly string[];
  /** What it points at: links in its details, and the bundles of an applet. */
  readonly links: readonly ObjectId[];
  /** Of the request that created it, told apart from another with the same nonce. */
  readonly digest: string;
  readonly size?: number;
  readonly media?: string;
  readonly uploadId?: string;
  /** A collector's mark, which alone means nothing; `gone` once its deletion is decided (collect.ts). */
  readonly dying?: string;
  /** Of one that is gone, in milliseconds since 1970: until then its bytes may come again, by URLs that were given out. */
  readonly goneUntil?: number;
};

/** A row `P#<container>`: that the object is in that place, and its metadata there. It is the reference to the bytes. */
export type Placement = {
  readonly folderId: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly properties: { readonly [key: string]: string };
  readonly hidden: boolean;
  readonly modified: number;
  /** Counts the changes: each is conditional on the one before. */
  readonly revision: number;
  /** Names the listing row that goes with it, and whoever put it there: only they may take it back. */
  readonly mark: string;
};

/** A listing row, `<place>#<folder>`: a hint where to look; the placement decides. */
export function listingKey(place: PlaceId, folderId: string, name: string, id: ObjectId): Key {
  return { pk: `${place}#${folderId}`, sk: `${nameKey(name)}#${id}` };
}

export function newMark(context: Context): string {
  return Buffer.from(context.random(markByteCount)).toString('base64url');
}

const markByteCount = 9;

/** What `dying` says when there is no way back. */
export const gone = 'gone';

/** True when there is no such object any more. Another mark than `gone` may be all that is left of a crashed collector. */
export function isGone(row: Row | undefined): row is undefined {
  return row === undefined || row.dying === gone;
}

export function objectKey(id: ObjectId): Key {
  return { pk: id, sk: 'A' };
}

export function placementKey(id: ObjectId, place: PlaceId): Key {
  return { pk: id, sk: `P#${place}` };
}

/** Details (`D`), an applet's body (`S`) and a file's parts (`F`) are packed: see packed.ts. */
export function packedKey(id: ObjectId, kind: 'D' | 'S' | 'F'): Key {
  return { pk: id, sk: kind };
}

/** The row that says which objects link to `target`: a hint, the linking object's row A decides. */
export function linkKey(target: ObjectId, from: ObjectId): Key {
  return { pk: `${target}#links`, sk: from };
}

/** A part that was announced for an open file. */
export function announcedPartKey(file: ObjectId, index: number): Key {
  return { pk: `${file}#upload`, sk: String(index).padStart(5, '0') };
}

export function toObjectFacts(row: Row): ObjectFacts {
  const { pk, sk, ...facts } = row;
  return facts as unknown as ObjectFacts;
}

export function toPlacement(row: Row): Placement {
  const { pk, sk, ...placement } = row;
  return placement as unknown as Placement;
}

/** The key of an object's bytes in the content bucket. */
export function contentKey(id: ObjectId, facts: Pick<ObjectFacts, 'birth'>): string {
  return `w/${facts.birth}/${id}`;
}
