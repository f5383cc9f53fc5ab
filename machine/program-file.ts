// Finds the programs of this package that are started by their paths: as TypeScript in a checkout, as JavaScript in an
// installed package, because Node does not strip types below node_modules.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of package.json: the root of the repository, or of the installed package. */
export const packageRoot = rootAbove(import.meta.dirname);

/** The absolute path of a program. */
export function programFile(name: keyof typeof programs): string {
  const source = programs[name];
  return isCheckout ? join(packageRoot, source) : join(packageRoot, 'dist', source.replace(/\.ts$/, '.js'));
}

/** The absolute path of a file in Python, which a package holds as it is. */
export function pythonFile(source: string): string {
  return join(packageRoot, isCheckout ? '' : 'dist', source);
}

function rootAbove(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : rootAbove(dirname(folder));
}

/** False in an installed package, which has no sources. */
export const isCheckout = import.meta.filename.endsWith('.ts');
/** By name: the programs that are started by their paths. */
export const programs = {
  espalier: 'cli/espalier.ts',
  worker: 'worker/kept-worker.ts',
  checkpointThread: 'embedded/database/checkpoint-thread.ts',
  digestThread: 'embedded/content/digest-thread.ts',
  processLauncher: 'machine/process/process-launcher.ts',
} as const;
