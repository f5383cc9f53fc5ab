// Removes a folder that a job wrote into. Nothing that the job left there makes the removal throw, not even a folder
// without the right to write.

import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Removes a job's own folder, and the one that the kernel used for it. */
export function removeJobFolder(path: string, report: (fault: unknown) => void): void {
  for (const one of [path, workFolderOf(path)]) removeFolder(one, report);
}

/** The folder that the kernel uses for a job's `/`. It lies beside the job's folder, on the same disk. */
export function workFolderOf(path: string): string {
  return `${path}.work`;
}

/** Entries that cannot be removed stay, and `report` gets the reason. An absent folder is fine. */
export function removeFolder(path: string, report: (fault: unknown) => void): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // The usual cause is a folder without the right to write (`go mod download` leaves such), which stops every user
    // but root.
    try {
      openFolders(path);
      rmSync(path, { recursive: true, force: true });
    } catch (fault) {
      report(fault);
    }
  }
}

/** Lets the owner list and change the folder and all folders below it. Links are not followed. */
function openFolders(path: string): void {
  const pending = [path];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) pending.push(join(folder, entry.name));
    }
  }
}
