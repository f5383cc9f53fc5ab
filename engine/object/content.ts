// Changes the details, types and visibility of an open object, which all its places share.

import type { Change, Context, Write } from '../../core/context.ts';
import { invalidInput, invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import type { ObjectId } from '../../core/id/identifier.ts';
import { metadataProblem } from '../../core/object/metadata.ts';
import { type ObjectOperation, refusalInState } from '../../core/object/state.ts';
import { isGone, objectKey, placementKey, readObject } from '../../core/row/objects.ts';
import { packedRow } from '../../core/row/packed.ts';
import { deleteLinks, writeLinks } from '../placement/link.ts';
import type { LoadedObject } from '../store/load-object.ts';
import { pack } from '../store/packed.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

/** Replaces the details, and the link rows of the objects that they name. */
export async function setDetails(
  context: Context,
  object: LoadedObject,
  details: unknown,
  links: readonly ObjectId[],
): Promise<void> {
  const { id, row } = object;
  await writeLinks(context, id, links);
  const body: Write = {
    kind: 'put',
    table: 'objects',
    row: packedRow(id, 'details', pack(details, 'details')),
  };
  await changeOpen(context, id, 'setDetails', { set: { links: [...links] } }, [body]);
  const kept = new Set([...links, ...(row.stageLinks ?? [])]);
  const obsolete = row.links.filter((link) => !kept.has(link));
  await deleteLinks(context, id, obsolete);
}

/**
 * Hides or shows an object. A hidden object is listed only on request, and is cloned and removed together with the
 * objects that link to it.
 */
export async function setVisibility(context: Context, object: LoadedObject, hidden: boolean): Promise<void> {
  const places: Write[] = [...object.placements].slice(0, maximumOpenPlaces).map(([place, placement]) => ({
    kind: 'update',
    table: 'objects',
    key: placementKey(object.id, place),
    change: { set: { hidden, modified: context.now(), revision: placement.revision + 1 } },
    expected: { revision: placement.revision },
  }));
  await changeOpen(context, object.id, 'setVisibility', { set: { hidden } }, places);
}

/** Adds or removes type names. */
export async function changeTypes(
  context: Context,
  object: LoadedObject,
  operation: 'addTypes' | 'removeTypes',
  types: readonly string[],
): Promise<void> {
  await retryWhileChanged(`"${object.id}"`, async () => {
    const facts = readObject(await context.rows.get('objects', objectKey(object.id)));
    if (isGone(facts)) throw resourceNotFound(object.id);
    const { types: before, state, dying, typesRevision } = facts;
    const refusal = refusalInState(object.id, operation, state);
    if (refusal !== undefined) throw invalidState(refusal);
    const kept = before.filter((type) => !types.includes(type));
    const after = operation === 'removeTypes' ? kept : withinLimit([...new Set([...before, ...types])]);
    const change = { set: { types: after, typesRevision: (typesRevision ?? 0) + 1 } };
    const expected = { state: 'open', dying, typesRevision };
    return (await context.rows.update('objects', objectKey(object.id), change, expected)) ?? changed;
  });
}

function withinLimit(types: string[]): string[] {
  const problem = metadataProblem(types, 'types');
  if (problem !== undefined) throw invalidInput(problem);
  return types;
}

/** Changes an object in one transaction, which requires that it is still open. */
async function changeOpen(
  context: Context,
  id: ObjectId,
  operation: ObjectOperation,
  change: Change,
  others: readonly Write[],
): Promise<void> {
  await retryWhileChanged(`"${id}"`, async () => {
    const facts = readObject(await context.rows.get('objects', objectKey(id)));
    if (isGone(facts)) throw resourceNotFound(id);
    const { state, dying } = facts;
    const refusal = refusalInState(id, operation, state);
    if (refusal !== undefined) throw invalidState(refusal);
    const expected = { state, dying };
    const first: Write = { kind: 'update', table: 'objects', key: objectKey(id), change, expected };
    return (await context.rows.transact([first, ...others])) || changed;
  });
}

/** An open object cannot be cloned, so it is in one place only. */
const maximumOpenPlaces = 10;
