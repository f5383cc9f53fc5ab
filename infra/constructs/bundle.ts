// Bundles our programs into single files: one ES module each, with everything in it, the SDK too, so that the tested
// code is the code that runs.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The repository. */
export const root = join(import.meta.dirname, '..', '..');

/**
 * Bundles each entry, a file below the repository, to `folder/<name>.mjs`. The folder is made again each time.
 * @throws what esbuild reports, with file and line.
 */
export function bundle(folder: string, entries: Readonly<Record<string, string>>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  buildSync({
    ...options,
    mainFields: [...options.mainFields],
    entryPoints: Object.entries(entries).map(([name, file]) => ({ in: file, out: name })),
    outdir: folder,
  });
}

/** Source maps name our files but do not repeat them. */
const options = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  outExtension: { '.js': '.mjs' },
  mainFields: ['module', 'main'],
  minify: true,
  keepNames: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS and load node's own modules by `require`.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
} as const;
