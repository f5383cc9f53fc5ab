// Whether a folder takes more room than it may: in bytes on disk, links not followed, and in entries. For the documented
// limit on a job's folder.
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

type FolderLimits = { readonly bytes: number; readonly entries: number };

/** What there is too much of ("more than 5 bytes"), counted no further than that; undefined when it fits. */
export async function folderExcess(folder: string, limits: FolderLimits): Promise<string | undefined> {
  const pending = [folder];
  let bytes = 0;
  let entries = 0;
  for (let current = pending.pop(); current !== undefined; current = pending.pop()) {
    for await (const entry of list(current)) {
      const path = join(current, entry.name);
      entries += 1;
      if (entry.isDirectory()) pending.push(path);
      // What vanishes meanwhile counts nothing.
      else bytes += (await lstat(path).catch(() => ({ blocks: 0 }))).blocks * 512;
      if (bytes > limits.bytes) return `more than ${limits.bytes} bytes`;
      if (entries > limits.entries) return `more than ${limits.entries} files and folders`;
    }
  }
  return undefined;
}

/** The entries of a folder, or as many as there are before it vanishes. */
async function* list(folder: string) {
  try {
    yield* await opendir(folder);
  } catch {
    // Removed meanwhile, or closed to us: there is nothing to count.
  }
}
