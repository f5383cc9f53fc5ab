// How many bytes a folder takes on disk, links not followed. For the documented limit on a job's folder.
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

const ENTRY_LIMIT = 2_000_000;

/** Stops counting once `limitBytes` are exceeded. Entries that vanish meanwhile count nothing. */
export async function folderSize(folder: string, limitBytes: number): Promise<number> {
  const pending = [folder];
  let bytes = 0;
  for (let entries = 0; pending.length > 0 && bytes <= limitBytes && entries < ENTRY_LIMIT; ) {
    const current = pending.pop() as string;
    const listing = await opendir(current).catch(() => undefined);
    if (!listing) continue;
    for await (const entry of listing) {
      entries += 1;
      const path = join(current, entry.name);
      if (entry.isDirectory()) pending.push(path);
      else bytes += (await lstat(path).catch(() => ({ blocks: 0 }))).blocks * 512;
    }
  }
  return bytes;
}
