// A digest of source files. Things that were made from them are made again when it changes.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './program-file.ts';

/**
 * Hex digest of the files and folders (relative to the root) with their names. Those that do not exist count as absent.
 */
export function digestSources(paths: readonly string[]): string {
  const hash = createHash('sha256').update(process.version);
  for (const path of paths) addPath(path, (bytes) => hash.update(bytes));
  return hash.digest('hex').slice(0, digestLength);
}

function addPath(path: string, add: (bytes: string | Buffer) => void): void {
  const absolute = join(packageRoot, path);
  const status = statSync(absolute, { throwIfNoEntry: false });
  if (!status) return;
  if (!status.isDirectory()) {
    const bytes = readFileSync(absolute);
    add(`${path}\0${bytes.length}\0`);
    add(bytes);
    return;
  }
  for (const name of readdirSync(absolute).sort()) addPath(join(path, name), add);
}

const digestLength = 20;
