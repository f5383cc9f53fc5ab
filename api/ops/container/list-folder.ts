// /<project or container>/listFolder: the direct content of a folder (docs/reference/api.md, "Folders").

import type { z } from 'zod';
import { joinFolder } from '../../../core/container/folder-path.ts';
import type { Context } from '../../../core/context.ts';
import { folderNotFound, invalidInput } from '../../../core/error/api-error.ts';
import type { PlaceId } from '../../../core/id/identifier.ts';
import { findFolder, listSubfolders } from '../../../engine/container/folder.ts';
import { listAllObjects } from '../../../engine/placement/listing.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { PlaceCall } from '../../route.ts';
import type { listFolderInput } from '../../schemas/folder.ts';
import { type Description, describeObjects } from '../shared/describe-object.ts';

type Input = z.output<typeof listFolderInput>;
type Answer = { folders?: unknown[]; objects?: { readonly id: string; readonly describe?: Description }[] };

export async function listFolder(call: PlaceCall<Input>): Promise<Answer> {
  const { context, place, input } = call;
  const folderId = await findFolder(context, place, input.folder);
  if (folderId === undefined) throw folderNotFound(joinFolder(input.folder), place);
  const answer: Answer = {};
  if (input.only !== 'folders') answer.objects = await listedObjects(call, folderId);
  if (input.only !== 'objects') answer.folders = await listedFolders(context, place, folderId, input);
  return answer;
}

async function listedObjects({ context, caller, place, input }: PlaceCall<Input>, folderId: string) {
  const { objects, more } = await listAllObjects(context, place, folderId, maximumObjectCount);
  if (more) throw invalidInput(`the folder has more than ${maximumObjectCount} objects: search it in pages instead`);
  const shown = objects.filter((object) => input.includeHidden || object.placements.get(place)?.hidden !== true);
  const bare = shown.map(({ id }) => ({ id }));
  if (input.describe == null || input.describe === false) return bare;
  const placed = shown.map((object) => ({ object, place }));
  const descriptions = await describeObjects(context, placed, input.describe === true ? {} : input.describe, caller);
  return descriptions.map((describe, index) => ({ id: bare[index]?.id ?? '', describe }));
}

async function listedFolders(context: Context, place: PlaceId, folderId: string, input: Input): Promise<unknown[]> {
  const folders = await listSubfolders(context, place, folderId);
  const withPath = folders.map(({ id, name }) => ({ id, path: joinFolder([...input.folder, name]) }));
  withPath.sort((first, second) => (first.path < second.path ? -1 : 1));
  if (!input.hasSubfolderFlags) return withPath.map(({ path }) => path);
  return mapLimited(withPath, async ({ id, path }) => [path, (await listSubfolders(context, place, id)).length > 0]);
}

/** A listing is one answer of at most 4 MB. A larger folder would not fit. */
const maximumObjectCount = 50_000;
