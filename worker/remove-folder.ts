// Removes a folder that a job wrote into. Nothing that the job left there makes the removal throw, not even a folder
// without the right to write.

import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** Removes a job's own folder, and those that the program which starts jobs has made beside it. */
export function removeJobFolder(path: string, report: (fault: unknown) => void): void {
  const parent = dirname(path);
  const beside = existsSync(parent) ? readdirSync(parent).filter((name) => name.startsWith(`${basename(path)}.`)) : [];
  for (const name of [basename(path), ...beside]) removeFolder(join(parent, name), report);
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
