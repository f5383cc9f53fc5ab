// Creates the functions of the template with their code, environment, key and limits.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { Authority } from '../authority/authority.ts';
import type { AsynchronousSettings } from '../cloud/lambda/asynchronous.ts';
import { localRegion } from '../cloud/wire/account.ts';
import type { DeployedResource, ResourceSet } from '../template/resource-set.ts';
import type { Services } from './engine-set.ts';

/** The variables by which AWS's SDKs find services. They are the same for every function. */
export type EndpointVariables = Readonly<Record<string, string>>;

/** @throws StartRefusal where the code of a function is missing or is not a module in an asset. */
export function createFunctions(
  { lambda, sqs }: Pick<Services, 'lambda' | 'sqs'>,
  resources: ResourceSet,
  authority: Authority,
  endpoints: EndpointVariables,
): void {
  const asynchronous = resources.ofType('AWS::Lambda::EventInvokeConfig');
  for (const resource of resources.ofType('AWS::Lambda::Function')) {
    const { name, properties } = resource;
    const key = authority.issueKey(String(properties.Role), name);
    const configuration = asynchronous.find(({ properties: { FunctionName } }) => FunctionName === name);
    lambda.createFunction({
      name,
      ...moduleOf(resource, resources),
      timeoutMs: Number(properties.Timeout ?? defaultTimeoutSeconds) * secondMs,
      memoryMb: Number(properties.MemorySize ?? defaultMemoryMb),
      environment: functionEnvironment({ ...variablesOf(resource) }, key, endpoints),
      logGroup: logGroupOf(resource),
      ...(configuration ? { asynchronous: asynchronousSettings(configuration, sqs) } : {}),
    });
  }
}

/** The whole environment of a function: the template's variables and AWS's own, and none of this process. */
export function functionEnvironment(
  variables: Readonly<Record<string, string>>,
  key: { accessKeyId: string; secretAccessKey: string },
  endpoints: EndpointVariables,
): Record<string, string> {
  return {
    ...variables,
    AWS_REGION: localRegion,
    AWS_DEFAULT_REGION: localRegion,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    // The user's own profiles must not reach a function.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    ...endpoints,
  };
}

/** The variables that the template gives to a function. */
export function variablesOf({ properties }: DeployedResource): Record<string, string> {
  const { Variables = {} } = (properties.Environment ?? {}) as { Variables?: Readonly<Record<string, unknown>> };
  return Object.fromEntries(Object.entries(Variables).map(([name, value]) => [name, String(value)]));
}

function moduleOf({ name, properties }: DeployedResource, resources: ResourceSet): { file: string; handler: string } {
  const code = properties.Code as { S3Key?: string } | undefined;
  const folder = code?.S3Key ? resources.asset(code.S3Key) : undefined;
  const [module = '', handler = ''] = String(properties.Handler).split('.');
  const file = ['.mjs', '.js']
    .map((ending) => join(folder ?? '', `${module}${ending}`))
    .find((path) => folder !== undefined && existsSync(path));
  if (!file)
    throw new StartRefusal(
      `The code of the function ${name} (${properties.Handler}) is not in the assets of the template.`,
    );
  if (!String(properties.Runtime).startsWith('nodejs')) {
    throw new StartRefusal(
      `The function ${name} has the runtime ${properties.Runtime}: the local platform runs functions on Node only.`,
    );
  }
  return { file, handler };
}

function logGroupOf({ name, properties }: DeployedResource): string {
  const group = (properties.LoggingConfig as { LogGroup?: string } | undefined)?.LogGroup;
  return group ?? `/aws/lambda/${name}`;
}

function asynchronousSettings({ properties }: DeployedResource, sqs: Services['sqs']): AsynchronousSettings {
  const destination = properties.DestinationConfig as { OnFailure?: { Destination?: string } } | undefined;
  const queueArn = destination?.OnFailure?.Destination;
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = properties;
  return {
    maxRetries: MaximumRetryAttempts === undefined ? undefined : Number(MaximumRetryAttempts),
    maxAgeMs: MaximumEventAgeInSeconds === undefined ? undefined : Number(MaximumEventAgeInSeconds) * secondMs,
    ...(queueArn === undefined
      ? {}
      : {
          onFailure: (event, error) => {
            const body = JSON.stringify({ version: '1.0', requestPayload: event, responsePayload: error });
            sqs.send(queueArn, { body });
          },
        }),
  };
}

const secondMs = 1000;
/** The defaults of `AWS::Lambda::Function`. */
const defaultTimeoutSeconds = 3;
const defaultMemoryMb = 128;
