// Loads the program with its mutants, and the test files with the registry in place of vitest's test functions.

import { relative, resolve } from 'node:path';
import { defineConfig } from 'vitest/config';
import { instrumentAll, mutatedFiles, readTask } from './plan.ts';

const root = resolve(import.meta.dirname, '../..');
const instrumented = instrumentAll(mutatedFiles(readTask().selected));

export default defineConfig({
  root,
  plugins: [
    {
      name: 'mutants',
      enforce: 'pre',
      resolveId(source, importer) {
        const own = importer === undefined || relative(root, importer).startsWith('test/mutation/');
        return source === 'vitest' && !own ? resolve(root, 'test/mutation/registry.ts') : undefined;
      },
      load(id) {
        return instrumented.get(relative(root, id))?.text;
      },
    },
  ],
  test: {
    include: ['test/mutation/host.ts'],
    testTimeout: 0,
    pool: 'threads',
    maxWorkers: 1,
    // The cache of modules knows a file by its text on the disk, so it would return the mutants of an earlier selection.
    fsModuleCache: false,
    dangerouslyIgnoreUnhandledErrors: true,
    silent: true,
  },
});
