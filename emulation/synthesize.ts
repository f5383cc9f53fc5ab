// Synthesizes the app and bundles the programs for one version of the sources, or takes both from the cache.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder, type Thing } from '../machine/cache-folder.ts';
import { packageRoot } from '../machine/program-file.ts';
import { digestSources } from '../machine/source-digest.ts';
import { StartRefusal } from '../machine/start-refusal.ts';

export type Synthesis = {
  /** The cloud assembly of the stage `local`. */
  readonly assembly: string;
  /** The program of a worker, in one file. */
  readonly workerFile: string;
  /** The operator's function, in one file. */
  readonly operatorFile: string;
};

/**
 * @param say called with a line when they are not in the cache
 * @throws StartRefusal with the output of the CDK when the app cannot be synthesized.
 */
export async function synthesize(cache: string, say: Thing['say']): Promise<Synthesis> {
  const thing = {
    what: 'the stacks and programs of this version',
    kind: 'synth',
    key: digestSources(sourceFolders),
    say,
  };
  const folder = await cachedFolder(cache, thing, async (draft) => {
    await Promise.all([synthesizeApp(join(draft, 'cdk.out')), bundlePrograms(draft)]);
  });
  return {
    assembly: join(folder, 'cdk.out'),
    workerFile: join(folder, 'worker.mjs'),
    operatorFile: join(folder, 'operator.mjs'),
  };
}

async function synthesizeApp(folder: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [join('infra', 'app.ts')], {
      cwd: packageRoot,
      env: { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify({ stage: localStage }) },
      timeout: synthesisLimitMs,
      maxBuffer: maximumOutputBytes,
    });
  } catch (cause) {
    const { stderr, message } = cause as Error & { stderr?: string };
    throw new StartRefusal(`The app could not be synthesized: ${stderr?.trim() || message}`, { cause });
  }
}

async function bundlePrograms(folder: string): Promise<void> {
  // It is imported here because a warm start does not need it.
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: packageRoot,
    entryPoints: [
      { in: 'worker/worker.ts', out: 'worker' },
      { in: 'emulation/operator/handler.ts', out: 'operator' },
    ],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  });
}

/** The sources from which the template and the bundles are made. */
const sourceFolders = [
  'infra',
  'lambdas',
  'core',
  'api',
  'engine',
  'aws',
  'statemachines',
  'worker',
  'emulation/operator',
  'package-lock.json',
];

const synthesisLimitMs = 180_000;
const maximumOutputBytes = 16 * 1024 * 1024;
const localStage = 'local';
