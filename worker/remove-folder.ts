// Removes a folder that a job wrote into. Whatever it left there, even folders that nobody may write to, is no reason to fail.
import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** What cannot be removed stays, and `report` is told why. An absent folder is fine. */
export function removeFolder(path: string, report: (fault: unknown) => void): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // Most often a folder without the right to write (`go mod download` leaves such), which stops whoever is not root.
    try {
      openFolders(path);
      rmSync(path, { recursive: true, force: true });
    } catch (fault) {
      report(fault);
    }
  }
}

/** Lets the owner list and change the folder and all folders below it; links are not followed. */
function openFolders(path: string): void {
  const pending = [path];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    chmodSync(folder, 0o700);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) pending.push(join(folder, entry.name));
    }
  }
}
