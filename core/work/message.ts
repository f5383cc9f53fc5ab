// Messages of the work queue: the work that one invocation leaves for the next. Each may be doubled or late. Work on a
// job is also found by the sweep, from the rows alone, and so is the last pass over its workspaces. Other things to be
// removed have no row there, so their message is sent first.

import type { Value } from '../context.ts';
import { given } from '../given.ts';
import {
  type ExecutionId,
  type FileId,
  isExecutionId,
  isId,
  isObjectId,
  isPlaceId,
  type ObjectId,
  type PlaceId,
} from '../id/identifier.ts';
import { isPaged, type PagedStep } from '../job/agenda.ts';
import { isJobState, type JobState } from '../job/state.ts';
import { isHash } from '../reference/value.ts';

/**
 * After this time, in milliseconds, everything that was under way before has certainly ended: it is longer than any
 * request or function may take. The remains of its steps are then complete, and nothing is added to them any more.
 */
export const everythingEndsMs = 15 * 60_000;

export type WorkMessage = WorkOrder & {
  /** Milliseconds since 1970. A message that comes before is sent again. */
  readonly notBefore?: number | undefined;
};

type WorkOrder =
  /** Look at an execution. */
  | { readonly kind: 'advance'; readonly execution: ExecutionId }
  /** Look at an execution as the sweep does, alone: it was set aside, because a look may end its whole invocation. */
  | { readonly kind: 'sweep'; readonly execution: ExecutionId }
  /** Go on with the agenda of an execution that is in this state and try: from a step, after a key within it. */
  | ({
      readonly kind: 'resume';
      readonly execution: ExecutionId;
      readonly try: number;
      readonly state: JobState;
    } & Position)
  /** End the members of a tree whose root is under a doom in this try, after a key. The root's own end does it again. */
  | { readonly kind: 'endMembers'; readonly root: ExecutionId; readonly try: number; readonly after: string }
  /** Wake the waiters of an object, after a key: it was closed, or is gone. */
  | { readonly kind: 'wake'; readonly object: ObjectId; readonly after?: string | undefined }
  /** Complete the closing of a file that a job waits for: the call that began it may have died. */
  | { readonly kind: 'close'; readonly file: FileId }
  /** Delete objects that nothing refers to any more, or finish that. */
  | { readonly kind: 'collect'; readonly objects: readonly ObjectId[] }
  /** Delete a large body that no row names (aws/dynamo/bodies.ts). */
  | { readonly kind: 'document'; readonly key: string }
  /** Empty the workspace of a try that was given up, or a project that was destroyed, after a position; `last`: for good. */
  | {
      readonly kind: 'destroy';
      readonly container: PlaceId;
      readonly after?: string | undefined;
      readonly last?: true | undefined;
    }
  /** Remove what a try of a job placed and must not leave, in case a call that was under way has placed it again. */
  | ({ readonly kind: 'takeBack' } & Placed)
  /** Remove the folders that are marked as removed, and what was put into them. */
  | { readonly kind: 'removeFolders'; readonly place: PlaceId; readonly folders: readonly string[] };

/** Objects that one try of a job may have placed in a place. `by` names the try, as their placements do. */
export type Placed = { readonly place: PlaceId; readonly by: string; readonly objects: readonly ObjectId[] };

/** The position in an agenda where a message goes on. */
export type Position = { readonly step: PagedStep; readonly after: string };

/** Reads a message. Undefined when this version of the program does not know it. */
export function readWorkMessage(body: unknown): WorkMessage | undefined {
  if (!isHash(body)) return undefined;
  const order = readOrder(body);
  const { notBefore, v } = body;
  if (v !== messageVersion) return undefined;
  return order !== undefined && typeof notBefore === 'number' ? { ...order, notBefore } : order;
}

function readOrder(body: Record<string, unknown>): WorkOrder | undefined {
  const {
    kind,
    execution,
    object,
    file,
    objects,
    key,
    container,
    root,
    place,
    by,
    folders,
    step,
    state,
    last,
    try: attempt,
  } = body;
  const after = typeof body.after === 'string' ? body.after : undefined;
  switch (kind) {
    case 'advance':
    case 'sweep':
      return isExecutionId(execution) ? { kind, execution } : undefined;
    case 'resume':
      if (!isExecutionId(execution) || typeof attempt !== 'number' || !isJobState(state)) return undefined;
      return isPaged(step) && after !== undefined ? { kind, execution, try: attempt, state, step, after } : undefined;
    case 'endMembers':
      if (!isExecutionId(root) || typeof attempt !== 'number' || after === undefined) return undefined;
      return { kind, root, try: attempt, after };
    case 'wake':
      return isObjectId(object) ? { kind, object, after } : undefined;
    case 'close':
      return isId(file, 'file') ? { kind, file } : undefined;
    case 'collect':
      return isListOf(objects, isObjectId) ? { kind, objects } : undefined;
    case 'document':
      return isText(key) ? { kind, key } : undefined;
    case 'destroy':
      return isPlaceId(container) ? { kind, container, after, last: last === true ? last : undefined } : undefined;
    case 'takeBack':
      return isPlaceId(place) && isText(by) && isListOf(objects, isObjectId) ? { kind, place, by, objects } : undefined;
    case 'removeFolders':
      return isPlaceId(place) && isListOf(folders, isText) ? { kind, place, folders } : undefined;
    default:
      return undefined;
  }
}

/** A message in the form of the queue. */
export function toWorkRecord(message: WorkMessage): { readonly [name: string]: Value } {
  return given({ ...message, v: messageVersion }) as { readonly [name: string]: Value };
}

/**
 * Raised when the meaning of a message changes. A program that does not know the version keeps the message for the
 * operator.
 */
export const messageVersion = 1;

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isListOf<Item>(value: unknown, is: (item: unknown) => item is Item): value is Item[] {
  return Array.isArray(value) && value.every(is);
}
