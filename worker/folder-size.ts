// Measures whether a folder is larger than it may be: in bytes on disk, without following links, and in entries. The
// limit on a job's folder (docs/limits.md) needs it.

import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

type FolderLimits = { readonly bytes: number; readonly entries: number };

/**
 * Returns what exceeds the limit ("more than 5 bytes"), or undefined when the folder fits. It stops counting at the
 * limit.
 */
export async function folderExcess(folder: string, limits: FolderLimits): Promise<string | undefined> {
  const pending = [folder];
  let bytes = 0;
  let entries = 0;
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for await (const entry of list(current)) {
      const path = join(current, entry.name);
      entries += 1;
      if (entry.isDirectory()) pending.push(path);
      // A file that vanishes in the meantime counts as empty.
      else bytes += (await lstat(path).catch(() => ({ blocks: 0 }))).blocks * 512;
      if (bytes > limits.bytes) return `more than ${limits.bytes} bytes`;
      if (entries > limits.entries) return `more than ${limits.entries} files and folders`;
    }
  }
  return undefined;
}

/** The entries of a folder, or those that were read before it vanished. */
async function* list(folder: string) {
  try {
    yield* await opendir(folder);
  } catch {
    // It was removed in the meantime, or we may not read it: there is nothing to count.
  }
}
