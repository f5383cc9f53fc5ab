// Passes a value without a physical name (a stream, subnets, a generated API id) from one stack to another, through an
// SSM parameter that the other stack names. An export would lock both stacks together; a parameter does not.

import { type CfnResource, Stack } from 'aws-cdk-lib';
import { CfnParameter as SsmParameter, StringParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { type Deployment, pathName } from '../deployment.ts';

/** The values that are passed on, and the stacks that they come from. */
export const sharedParameters = {
  executionsStream: 'data/executions-stream',
  objectsStream: 'data/objects-stream',
  subnets: 'network/subnets',
  workerSecurityGroup: 'network/worker-security-group',
  httpApiId: 'api/http-id',
  httpApiDomain: 'api/http-domain',
  websocketApiDomain: 'api/websocket-domain',
  apiUrl: 'api/url',
} as const;
export type SharedParameter = keyof typeof sharedParameters;

/** Declares the parameter in the stack that has the value. */
export function shareValue(
  scope: Construct,
  deployment: Deployment,
  parameter: SharedParameter,
  value: string,
): CfnResource {
  return new SsmParameter(scope, `Shared-${parameter}`, {
    name: pathName(deployment, sharedParameters[parameter]),
    type: 'String',
    value,
  });
}

/** The value, read by CloudFormation when this stack is deployed. */
export function sharedValue(scope: Construct, deployment: Deployment, parameter: SharedParameter): string {
  return StringParameter.valueForStringParameter(Stack.of(scope), pathName(deployment, sharedParameters[parameter]));
}
