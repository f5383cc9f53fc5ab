// Makes the JavaScript of an installed package in `dist/`, before `npm pack`, and removes it afterwards. The emulation
// of the deployed template stays out: it needs a checkout.

import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { packageRoot, programs } from '../machine/program-file.ts';

const starter = 'worker/starter';
rmSync(join(packageRoot, 'dist'), { recursive: true, force: true });
if (!process.argv.includes('--remove')) {
  await build({
    absWorkingDir: packageRoot,
    entryPoints: Object.values(programs),
    outbase: '.',
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // They are dependencies of the package.
    packages: 'external',
    external: ['../../emulation/*'],
    chunkNames: 'chunk/[name]-[hash]',
    logLevel: 'warning',
  });
  const isPython = (path: string) => path.endsWith('.py') || statSync(path).isDirectory();
  cpSync(join(packageRoot, starter), join(packageRoot, 'dist', starter), { recursive: true, filter: isPython });
}
