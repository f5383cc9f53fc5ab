// Finds and makes the folders that something is put into, while a removal of the folder or the project may run.

import { joinFolder, root } from '../../core/container/folder-path.ts';
import type { Context, Key } from '../../core/context.ts';
import { type ApiError, invalidState, resourceNotFound } from '../../core/error/api-error.ts';
import { isId, type PlaceId } from '../../core/id/identifier.ts';
import { folderKey, folderRow, placeKey, readFolder, readProject } from '../../core/row/containers.ts';
import { refuseIfFull } from './folder-limit.ts';

type Step = { readonly key: Key; readonly folderId: string };
/** A folder to put something into, and the way to it: one step for each name. */
export type Target = {
  readonly place: PlaceId;
  readonly folderId: string;
  readonly names: readonly string[];
  readonly way: readonly Step[];
};

/**
 * The folder with these names, counted from the root; undefined when there is none.
 *
 * @throws ApiError InvalidState when a folder on the way is being removed
 */
export async function enterFolder(
  context: Context,
  place: PlaceId,
  names: readonly string[],
): Promise<Target | undefined> {
  let target = rootOf(place);
  for (const name of names) {
    const inner = await stepInto(context, target, name);
    if (inner === undefined) return undefined;
    target = inner;
  }
  return target;
}

/**
 * The folder with these names. A missing folder is made, and so are its missing parents. Several calls may race.
 *
 * @throws ApiError ResourceNotFound when the project is gone, InvalidState when a folder on the way is being removed,
 *   InvalidInput when the place has the largest number of folders
 */
export async function ensureFolder(context: Context, place: PlaceId, names: readonly string[]): Promise<Target> {
  let target = rootOf(place);
  for (const name of names) target = (await makeFolder(context, target, name)).target;
  return target;
}

/** Makes one folder in another. `made` is false when it already existed. */
export async function makeFolder(
  context: Context,
  parent: Target,
  name: string,
): Promise<{ readonly target: Target; readonly made: boolean }> {
  const known = await stepInto(context, parent, name);
  if (known !== undefined) return { target: known, made: false };
  const gone = await refusalOf(context, parent);
  if (gone !== undefined) throw gone;
  const key = folderKey(parent.place, parent.folderId, name);
  const folderId = Buffer.from(context.random(folderIdByteCount)).toString('hex');
  await refuseIfFull(context, parent.place, folderId);
  if (await context.rows.put('containers', folderRow(key, { folderId, name }), 'absent')) {
    const refusal = await refusalOf(context, parent);
    if (refusal === undefined) return { target: within(parent, name, { key, folderId }), made: true };
    await context.rows.delete('containers', key, { folderId });
    throw refusal;
  }
  const other = await stepInto(context, parent, name);
  if (other === undefined) throw leaving([...parent.names, name]);
  return { target: other, made: false };
}

/** The root folder, which every place has. */
export function rootOf(place: PlaceId): Target {
  return { place, folderId: root, names: [], way: [] };
}

/**
 * The reason why something that was put into a folder may not stay there; undefined when it may. A removal first marks
 * the place and then looks for contents. A writer therefore calls this after its write, and takes the write back if
 * there is a reason. A removal that begins later finds the write.
 */
export async function refusalOf(context: Context, { place, names, way }: Target): Promise<ApiError | undefined> {
  const isProject = isId(place, 'project');
  const keys = [...(isProject ? [placeKey(place)] : []), ...way.map(({ key }) => key)];
  if (keys.length === 0) return undefined;
  const rows = await context.rows.getMany('containers', keys);
  const project = isProject ? readProject(rows.shift()) : undefined;
  if (isProject && (project === undefined || project.destroyed === true)) return resourceNotFound(place);
  const folders = rows.map(readFolder);
  const stays = way.every(({ folderId }, at) => folders[at]?.id === folderId && folders[at]?.removing === undefined);
  return stays ? undefined : leaving(names);
}

async function stepInto(context: Context, parent: Target, name: string): Promise<Target | undefined> {
  const key = folderKey(parent.place, parent.folderId, name);
  const folder = readFolder(await context.rows.get('containers', key));
  if (folder === undefined) return undefined;
  if (folder.removing !== undefined) throw leaving([...parent.names, name]);
  return within(parent, name, { key, folderId: folder.id });
}

function within({ place, names, way }: Target, name: string, step: Step): Target {
  return { place, folderId: step.folderId, names: [...names, name], way: [...way, step] };
}

function leaving(names: readonly string[]): ApiError {
  return invalidState(`folder "${joinFolder(names)}" is being moved or removed; try again when that has finished`);
}

const folderIdByteCount = 12;
