// The functions and their code: one esbuild run for all of them, because a run for each function would cost seconds at
// each synth.

import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundle } from './bundle.ts';

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

/** The exported function of `index.mjs`, in each function's own asset. */
export const functionHandler = 'index.handler';

/** Bundles every function into `folder/<name>/index.mjs`. */
export function bundledCode(folder: string): FunctionCode {
  bundle(folder, Object.fromEntries(functionNames.map((name) => [`${name}/index`, `lambdas/${name}.ts`])));
  return (name) => Code.fromAsset(join(folder, name));
}

/** Replaces the bundles where only the template matters. */
export const withoutCode: FunctionCode = () => Code.fromInline('exports.handler = async () => {};');
