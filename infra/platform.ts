// All stacks of one deployment, in the order in which they are deployed.

import type { Construct } from 'constructs';
import { acknowledge } from './acknowledgements.ts';
import type { FunctionCode } from './constructs/function-code.ts';
import type { ProductStack } from './constructs/product-stack.ts';
import type { WorkerImage } from './constructs/worker-image.ts';
import type { Deployment } from './deployment.ts';
import { ApiStack } from './stacks/api.ts';
import { ComputeStack } from './stacks/compute.ts';
import { DataStack } from './stacks/data.ts';
import { EdgeStack } from './stacks/edge.ts';
import { EngineStack } from './stacks/engine.ts';
import { NetworkStack } from './stacks/network.ts';
import { OperationsStack } from './stacks/operations.ts';

/**
 * Behaviours of the CDK that we ask for. They are here and not in cdk.json, so that each way to synthesize gives the
 * same template.
 */
export const features = {
  // Access logs by bucket policy: the older way needs access control lists.
  '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
  // Warnings of the CDK's own check of the templates end the synth (circular dependencies, for example).
  '@aws-cdk/core:strictCfnValidateErrors': true,
} as const;

export type Sources = {
  readonly code: FunctionCode;
  readonly image: WorkerImage;
  /** False for the test that compares cdk-nag's findings with the acknowledgements. */
  readonly acknowledged?: boolean;
};

/** Dependencies only fix the order of deployment: a stack does not refer to another's resources. */
export function definePlatform(scope: Construct, deployment: Deployment, sources: Sources): ProductStack[] {
  const data = new DataStack(scope, deployment);
  const network = new NetworkStack(scope, deployment);
  const compute = new ComputeStack(scope, deployment, sources.image);
  const engine = new EngineStack(scope, deployment, sources.code);
  const api = new ApiStack(scope, deployment, sources.code);
  const edge = new EdgeStack(scope, deployment);
  const operations = new OperationsStack(scope, deployment);
  engine.addStackDependency(data);
  engine.addStackDependency(network);
  engine.addStackDependency(compute);
  api.addStackDependency(data);
  api.addStackDependency(engine);
  edge.addStackDependency(api);
  operations.addStackDependency(api);
  if (sources.acknowledged ?? true) acknowledge(scope, deployment);
  return [data, network, compute, engine, api, edge, operations];
}
