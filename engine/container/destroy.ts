// Empties a workspace or a project page by page, until nothing of it is left.

import { root } from '../../core/container/folder-path.ts';
import type { Context } from '../../core/context.ts';
import { isObjectId, isUserId, type PlaceId } from '../../core/id/identifier.ts';
import { forEach } from '../object/each.ts';
import { removeFrom } from '../object/remove.ts';
import { loadFolders } from './folder.ts';

/**
 * Takes away one page of what is in a container. Safe to repeat and to race; new arrivals between two calls go too.
 *
 * @param after what the call before answered
 * @returns what to continue with; undefined when the container is empty and its own rows are gone
 */
export async function destroyContainer(
  context: Context,
  container: PlaceId,
  after?: string,
): Promise<string | undefined> {
  const tree = await loadFolders(context, container);
  const folders = tree.subtreeOf(root);
  const from = after === undefined ? 0 : Math.max(0, folders.indexOf(after));
  for (const folder of folders.slice(from)) {
    const listing = `${container}#${folder}`;
    const page = await context.rows.query('objects', { pk: listing, limit: pageSize });
    await forEach(page.rows, async (row) => {
      if (isObjectId(row.id)) await removeFrom(context, container, row.id);
      await context.rows.delete('objects', { pk: row.pk, sk: row.sk });
    });
    if (page.next !== undefined) return folder;
  }
  return deleteRows(context, container);
}

/** Folders, members, settings; row A last, since it says that the rest is to go. */
async function deleteRows(context: Context, container: PlaceId): Promise<string | undefined> {
  const page = await context.rows.query('containers', { pk: container, limit: pageSize });
  const others = page.rows.filter((row) => row.sk !== 'A');
  await forEach(others, async ({ pk, sk }) => {
    const member = sk.startsWith('U#') ? sk.slice(2) : undefined;
    if (member !== undefined && (isUserId(member) || member === 'PUBLIC')) {
      await context.rows.delete('containers', { pk: member, sk: `P#${container}` });
    }
    await context.rows.delete('containers', { pk, sk });
  });
  if (page.next !== undefined) return root;
  // A workspace has no row of its own (core/id/workspace.ts).
  if (page.rows.length > others.length) await context.rows.delete('containers', { pk: container, sk: 'A' });
  return undefined;
}

const pageSize = 100;
