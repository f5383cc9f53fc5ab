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

/** Folders by id and by path. The root exists without being listed. Its id is its path, `/`. */
export class FolderTree {
  readonly #byId = new Map<string, Folder>();
  readonly #children = new Map<string, Map<string, Folder>>();

  constructor(folders: Iterable<Folder>) {
    for (const folder of folders) {
      this.#byId.set(folder.id, folder);
      const siblings = this.#children.get(folder.parentId) ?? new Map<string, Folder>();
      this.#children.set(folder.parentId, siblings.set(folder.name, folder));
    }
  }

  /** The path of a folder. Undefined when the folder is not in the container any more. */
  pathOf(id: string): string | undefined {
    const way = this.#wayTo(id);
    return way === undefined ? undefined : joinFolder(way.map(({ name }) => name));
  }

  /** The id of the folder with these names from the root. */
  idOf(names: readonly string[]): string | undefined {
    let at: string = root;
    for (const name of names) {
      const next = this.#children.get(at)?.get(name);
      if (next === undefined) return undefined;
      at = next.id;
    }
    return at;
  }

  /** The folder of an id. Undefined for the root, and for an unknown id. */
  folderOf(id: string): Folder | undefined {
    return this.#byId.get(id);
  }

  /** All ids, the root's first, also those of folders whose parent is gone. */
  ids(): string[] {
    return [root, ...this.#byId.keys()];
  }

  /** True when a folder, or one of its ancestors, is gone or is being taken away with its content. */
  isRemoved(id: string): boolean {
    return this.#wayTo(id)?.some(({ removing }) => removing === 'all') ?? true;
  }

  /** True when nothing may be put into a folder, because the folder or one of its ancestors is about to go. */
  isLeaving(id: string): boolean {
    return this.#wayTo(id)?.some(({ removing }) => removing !== undefined) ?? true;
  }

  childrenOf(id: string): Folder[] {
    return [...(this.#children.get(id)?.values() ?? [])];
  }

  /** The ids of a folder and everything below it, each before its content. */
  subtreeOf(id: string): string[] {
    const found = [id];
    const seen = new Set(found);
    for (let index = 0; index < found.length; index++) {
      for (const child of this.childrenOf(found[index] ?? root)) {
        if (!seen.has(child.id)) found.push(child.id);
        seen.add(child.id);
      }
    }
    return found;
  }

  /** Every path, the root first, in order. */
  paths(): string[] {
    const all = this.subtreeOf(root).flatMap((id) => this.pathOf(id) ?? []);
    return all.sort();
  }

  /** The folders between the root and an id, without the root. Undefined when one of them is gone. */
  #wayTo(id: string): Folder[] | undefined {
    const way: Folder[] = [];
    const seen = new Set<string>();
    for (let at = id; at !== root; ) {
      const folder = this.#byId.get(at);
      if (folder === undefined || seen.has(at)) return undefined;
      seen.add(at);
      way.unshift(folder);
      at = folder.parentId;
    }
    return way;
  }
}
