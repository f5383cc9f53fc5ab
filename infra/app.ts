// The CDK app: it reads the stage and synthesizes every stack. `node infra/app.ts` does it without the CDK's own
// command, into CDK_OUTDIR. The context comes from `-c stage=…` or CDK_CONTEXT_JSON.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { root } from './constructs/bundle.ts';
import { bundledCode } from './constructs/function-code.ts';
import { builtWorkerImage } from './constructs/worker-image.ts';
import { deploymentOf } from './deployment.ts';
import { definePlatform, features } from './platform.ts';

const app = new App({ analyticsReporting: false, treeMetadata: false, context: features });
const stage: unknown = app.node.tryGetContext('stage') ?? 'dev';
// Each process uses a folder of its own, because several may synthesize at once. Its content is copied into the output.
const folder = join(root, 'build', `synth-${process.pid}`);
try {
  const code = bundledCode(join(folder, 'functions'));
  definePlatform(app, deploymentOf(String(stage)), { code, image: builtWorkerImage(join(folder, 'worker')) });
  app.synth();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
