// All folders of one container as a tree, for questions that need more than one path.

import { joinFolder, root } from './folder-path.ts';

/** `removing` says how the folder is being taken away: `all` with its content, `empty` only if it is empty. */
export type Removal = 'all' | 'empty';
export type Folder = {
  readonly id: string;
  readonly parentId: string;
  readonly name: string;
  readonly removing?: Removal;
};

export type FolderTree = ReturnType<typeof createFolderTree>;
type ById = ReadonlyMap<string, Folder>;
type Children = ReadonlyMap<string, ReadonlyMap<string, Folder>>;

/** Folders by id and by path. The root exists without being listed. Its id is its path, `/`. */
export function createFolderTree(folders: Iterable<Folder>) {
  const byId = new Map<string, Folder>();
  const children = new Map<string, Map<string, Folder>>();
  for (const folder of folders) {
    byId.set(folder.id, folder);
    const siblings = children.get(folder.parentId) ?? new Map<string, Folder>();
    children.set(folder.parentId, siblings.set(folder.name, folder));
  }
  const childrenOf = (id: string): Folder[] => [...(children.get(id)?.values() ?? [])];
  return {
    /** The path of a folder. Undefined when the folder is not in the container any more. */
    pathOf: (id: string) => pathOf(byId, id),
    /** The id of the folder with these names from the root. */
    idOf: (names: readonly string[]) => idOf(children, names),
    /** The folder of an id. Undefined for the root, and for an unknown id. */
    folderOf: (id: string) => byId.get(id),
    /** All ids, the root's first, also those of folders whose parent is gone. */
    ids: () => [root, ...byId.keys()],
    /** True when a folder, or one of its ancestors, is gone or is being taken away with its content. */
    isRemoved: (id: string) => wayTo(byId, id)?.some(({ removing }) => removing === 'all') ?? true,
    /** True when nothing may be put into a folder, because the folder or one of its ancestors is about to go. */
    isLeaving: (id: string) => wayTo(byId, id)?.some(({ removing }) => removing !== undefined) ?? true,
    childrenOf,
    /** The ids of a folder and everything below it, each before its content. */
    subtreeOf: (id: string) => subtreeOf(childrenOf, id),
    /** Every path, the root first, in order. */
    paths: () =>
      subtreeOf(childrenOf, root)
        .flatMap((id) => pathOf(byId, id) ?? [])
        .sort(),
  };
}

function pathOf(byId: ById, id: string): string | undefined {
  const way = wayTo(byId, id);
  return way === undefined ? undefined : joinFolder(way.map(({ name }) => name));
}

function idOf(children: Children, names: readonly string[]): string | undefined {
  let at: string = root;
  for (const name of names) {
    const next = children.get(at)?.get(name);
    if (next === undefined) return undefined;
    at = next.id;
  }
  return at;
}

function subtreeOf(childrenOf: (id: string) => readonly Folder[], id: string): string[] {
  const found = [id];
  const seen = new Set(found);
  for (let index = 0; index < found.length; index++) {
    for (const child of childrenOf(found[index] ?? root)) {
      if (!seen.has(child.id)) found.push(child.id);
      seen.add(child.id);
    }
  }
  return found;
}

/** The folders between the root and an id, without the root. Undefined when one of them is gone. */
function wayTo(byId: ById, id: string): Folder[] | undefined {
  const way: Folder[] = [];
  const seen = new Set<string>();
  for (let at = id; at !== root; ) {
    const folder = byId.get(at);
    if (folder === undefined || seen.has(at)) return undefined;
    seen.add(at);
    way.unshift(folder);
    at = folder.parentId;
  }
  return way;
}
