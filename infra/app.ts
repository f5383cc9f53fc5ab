// The CDK app: reads the stage and synthesizes every stack. `node infra/app.ts` does it without the CDK's own command,
// into CDK_OUTDIR; the context comes from `-c stage=…` or CDK_CONTEXT_JSON.
import { App } from 'aws-cdk-lib';
import { bundleFunctions } from './constructs/function-code.ts';
import { builtWorkerImage } from './constructs/worker-image.ts';
import { deploymentOf } from './deployment.ts';
import { definePlatform, features } from './platform.ts';

const app = new App({ analyticsReporting: false, treeMetadata: false, context: features });
const stage: unknown = app.node.tryGetContext('stage') ?? 'dev';
definePlatform(app, deploymentOf(String(stage)), { code: bundleFunctions(), image: builtWorkerImage });
app.synth();
