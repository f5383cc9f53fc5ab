// All folders of one container as a tree, for the questions that need more than one path. Knows no rows.

import { joinFolder, root } from './folder-path.ts';

export type Folder = { readonly id: string; readonly parentId: string; readonly name: string };

/** Folders by id and by path. The root is there without being listed; its id is its path, `/`. */
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

  /** The path of a folder; undefined when it is not in the container any more. */
  pathOf(id: string): string | undefined {
    const names: string[] = [];
    const seen = new Set<string>();
    for (let at = id; at !== root; ) {
      const folder = this.#byId.get(at);
      if (folder === undefined || seen.has(at)) return undefined;
      seen.add(at);
      names.unshift(folder.name);
      at = folder.parentId;
    }
    return joinFolder(names);
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

  childrenOf(id: string): Folder[] {
    return [...(this.#children.get(id)?.values() ?? [])];
  }

  /** A folder and all below it: their ids, each before what is in it. */
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
}
