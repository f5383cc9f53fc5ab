// Creates the template's resources in their services: tables, buckets, queues, parameters, log groups, clusters, task
// definitions, state machines, rules and functions.

import { tables as tableSet } from '../../aws/dynamo/tables.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { CorsRule } from '../cloud/s3/cors.ts';
import { listIdentities } from '../database/identity-list.ts';
import { notePlaces } from '../exchange/kept-place.ts';
import type { DeployedResource, ResourceSet } from '../template/resource-set.ts';
import type { Services } from './engine-set.ts';
import { createFunctions, type EndpointVariables } from './function.ts';
import type { Ground } from './ground.ts';
import { declareRules } from './trigger.ts';

type Properties = DeployedResource['properties'];

export type DeclareOptions = {
  readonly ground: Ground;
  readonly services: Services;
  /** The variables by which functions find the services. */
  readonly endpoints: EndpointVariables;
  /** Replaces the addresses of APIs in a text of the template by those of this machine. */
  localise(text: string): string;
};

/** Creates every resource, before any of them runs. */
export async function declareTemplate({ ground, services, endpoints, localise }: DeclareOptions): Promise<void> {
  const { folder, exchanges, tables, resources, authority } = ground;
  const declared = resources.ofType('AWS::DynamoDB::Table');
  await tables.create(declared);
  for (const { name } of declared) if (name.endsWith(identitySuffix)) await listIdentities(tables.client, name);
  await declareResources(services, resources, localise);
  notePlaces(folder, exchanges);
  declareRules({ services, resources });
  createFunctions(services, resources, authority, endpoints);
}

async function declareResources(
  services: Services,
  resources: ResourceSet,
  localise: (text: string) => string,
): Promise<void> {
  const { s3, sqs, ssm, logs, ecs, stepFunctions } = services;
  for (const { name, properties } of resources.ofType('AWS::S3::Bucket')) {
    await s3.createBucket(name, { eventBridge: tellsEventBridge(properties), cors: corsRules(properties) });
  }
  for (const { name, properties } of deadLettersFirst(resources.ofType('AWS::SQS::Queue'))) {
    await sqs.createQueue({ name, ...queueSettings(name, properties) });
  }
  for (const { name, properties } of resources.ofType('AWS::SSM::Parameter')) {
    ssm.put(name, localise(String(properties.Value)));
  }
  for (const { name, properties } of resources.ofType('AWS::Logs::LogGroup')) {
    const days = properties.RetentionInDays;
    await logs.createGroup(name, typeof days === 'number' ? { retentionDays: days } : {});
  }
  for (const { name } of resources.ofType('AWS::ECS::Cluster')) ecs.createCluster(name);
  for (const { properties } of resources.ofType('AWS::ECS::TaskDefinition')) ecs.registerTaskDefinition(properties);
  for (const { name, properties } of resources.ofType('AWS::StepFunctions::StateMachine')) {
    stepFunctions.createStateMachine({
      name,
      roleArn: String(properties.RoleArn),
      definition: substituted(name, properties),
      type: String(properties.StateMachineType ?? 'STANDARD'),
    });
  }
}

function tellsEventBridge({ NotificationConfiguration }: Properties): boolean {
  const configuration = NotificationConfiguration as
    | { EventBridgeConfiguration?: { EventBridgeEnabled?: boolean } }
    | undefined;
  return configuration?.EventBridgeConfiguration?.EventBridgeEnabled === true;
}

function corsRules({ CorsConfiguration }: Properties): CorsRule[] {
  const rules = (CorsConfiguration as { CorsRules?: readonly Record<string, unknown>[] } | undefined)?.CorsRules ?? [];
  return rules.map((rule) => ({
    allowedOrigins: (rule.AllowedOrigins ?? []) as string[],
    allowedMethods: (rule.AllowedMethods ?? []) as string[],
    allowedHeaders: (rule.AllowedHeaders ?? []) as string[],
    // CloudFormation's spelling differs from S3's ExposeHeaders.
    exposeHeaders: (rule.ExposedHeaders ?? []) as string[],
    maxAgeSeconds: rule.MaxAge === undefined ? undefined : Number(rule.MaxAge),
  }));
}

/** Dead-letter queues come first, because SQS refuses a queue whose dead-letter queue does not exist. */
function deadLettersFirst(queues: readonly DeployedResource[]): DeployedResource[] {
  return [...queues].sort((one, other) => Number(sends(one)) - Number(sends(other)));
}

function sends({ properties }: DeployedResource): boolean {
  return properties.RedrivePolicy !== undefined;
}

function queueSettings(name: string, properties: Properties) {
  if (properties.FifoQueue)
    throw new StartRefusal(
      `The queue ${name} is a FIFO queue, which the local platform does not run: use a standard queue.`,
    );
  const redrive = properties.RedrivePolicy as { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
  const seconds = (property: string, setting: string) =>
    properties[property] === undefined ? {} : { [setting]: Number(properties[property]) };
  return {
    ...seconds('VisibilityTimeout', 'visibilityTimeoutSeconds'),
    ...seconds('DelaySeconds', 'delaySeconds'),
    ...seconds('MessageRetentionPeriod', 'retentionSeconds'),
    ...seconds('ReceiveMessageWaitTimeSeconds', 'receiveWaitSeconds'),
    ...(redrive
      ? { redrive: { queueArn: redrive.deadLetterTargetArn, maxReceiveCount: redrive.maxReceiveCount } }
      : {}),
  };
}

function substituted(name: string, { DefinitionString, DefinitionSubstitutions }: Properties): string {
  if (typeof DefinitionString !== 'string') {
    throw new StartRefusal(
      `The state machine ${name} has no DefinitionString: the local platform reads no other form of definition.`,
    );
  }
  const values = (DefinitionSubstitutions ?? {}) as Readonly<Record<string, unknown>>;
  return DefinitionString.replace(/\$\{([A-Za-z0-9_]+)\}/g, (_whole, variable: string) => {
    if (Object.hasOwn(values, variable)) return String(values[variable]);
    throw new StartRefusal(
      `The state machine ${name} uses \${${variable}}, which is missing in its DefinitionSubstitutions.`,
    );
  });
}

const identitySuffix = `-${tableSet.identities.suffix}`;
