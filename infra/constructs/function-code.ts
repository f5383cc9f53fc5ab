// The functions' bundles: one esbuild run for all of them, because a run per function costs seconds at every synth.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** The entry points, `lambdas/<name>.ts`. */
export const functionNames = [
  'run',
  'new-job',
  'api',
  'worker-api',
  'advance',
  'dispatch',
  'clean-up',
  'finalise',
  'log',
  'sweep',
] as const;
export type FunctionName = (typeof functionNames)[number];
export type FunctionCode = (name: FunctionName) => Code;

const root = join(import.meta.dirname, '..', '..');

/** The module each function is started from, in its own asset. */
export const bundleFile = 'index.mjs';

/**
 * Bundles every function into `folder/<name>/index.mjs`: one ES module with everything in it, the SDK too, so that
 * what was tested is what runs. Source maps name our files but do not repeat them.
 * @throws what esbuild reports, with file and line.
 */
export function bundleFunctions(folder = join(root, 'build', 'functions')): FunctionCode {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  buildSync({
    absWorkingDir: root,
    entryPoints: functionNames.map((name) => ({ in: `lambdas/${name}.ts`, out: `${name}/index` })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: [],
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    // Some dependencies are CommonJS and ask for node's own modules by `require`.
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
  return (name) => Code.fromAsset(join(folder, name));
}

/** Stands in for the bundles where only the template matters. */
export const withoutCode: FunctionCode = () => Code.fromInline('exports.handler = async () => {};');
