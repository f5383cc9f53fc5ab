// Checks a RunTask request and builds the tasks that it asks for.

import { randomBytes, randomUUID } from 'node:crypto';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import { type Input, integerMember, stringMember, structureList, structureMember } from '../wire/input.ts';
import type { ContainerOverride, Task, TaskOverrides } from './task.ts';
import { type KeyValue, noSuchSize, type TaskDefinition } from './task-definition.ts';
import { isFargateSize } from './task-size.ts';

export type RunRequest = {
  readonly count: number;
  readonly clientToken: string | undefined;
  makeTask(now: number): Task;
};

/**
 * Checks a RunTask request. Throws InvalidParameterException for a wrong value, ClientException for a size that Fargate
 * does not offer, and NotImplementedException for a member that nothing here would act on. `makeTask` takes the time in
 * milliseconds since 1970.
 * Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html
 */
export function checkRunRequest(
  input: Input,
  clusterArn: string,
  { arn: taskDefinitionArn, definition }: { arn: string; definition: TaskDefinition },
): RunRequest {
  refuseUnknown(input, requestMembers, 'RunTask');
  const count = integerMember(input, 'count') ?? 1;
  if (count < 1 || count > maximumCount) throw invalid(`count must be 1 to ${maximumCount}, but was ${count}.`);
  const startedBy = bounded(input, 'startedBy', maximumStartedByLength);
  const clientToken = bounded(input, 'clientToken', maximumClientTokenLength);
  const capacityProviderName = checkCapacity(input);
  if (definition.networkMode === 'awsvpc' && !structureMember(input, 'networkConfiguration')) {
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  const overrides = checkOverrides(structureMember(input, 'overrides') ?? {}, definition);
  const cpu = overrides.cpu ?? definition.cpu;
  const memory = overrides.memory ?? definition.memory;
  if (!isFargateSize(cpu, memory)) throw noSuchSize(cpu, memory);
  const enableExecuteCommand = input.enableExecuteCommand === true;
  if (enableExecuteCommand && !definition.hasTaskRole) throw invalid(noTaskRole);
  const tags = checkTags(input);
  const group = stringMember(input, 'group') ?? `family:${definition.family}`;
  const makeTask = (now: number): Task => {
    const taskArn = arnOf(
      'ecs',
      `task/${clusterArn.slice(clusterArn.lastIndexOf('/') + 1)}/${randomBytes(16).toString('hex')}`,
    );
    const { name, image } = definition.container;
    const container = { containerArn: arnOf('ecs', `container/${randomUUID()}`), taskArn, name, image };
    return {
      ...{ taskArn, clusterArn, taskDefinitionArn, cpu, memory, group, overrides, tags, enableExecuteCommand },
      ...{ lastStatus: 'PROVISIONING', desiredStatus: 'RUNNING', launchType: 'FARGATE', createdAt: now, version: 1 },
      ...(capacityProviderName ? { capacityProviderName } : {}),
      ...(startedBy ? { startedBy } : {}),
      containers: [{ ...container, lastStatus: 'PENDING' }],
    };
  };
  return { count, clientToken, makeTask };
}

function checkCapacity(input: Input): string | undefined {
  const strategy = structureList(input, 'capacityProviderStrategy') ?? [];
  const launchType = stringMember(input, 'launchType');
  if (strategy.length > 0 && launchType !== undefined) {
    const told = 'Specifying both a launch type and capacity provider strategy is not supported.';
    throw invalid(`${told} Remove one and try again.`);
  }
  if (launchType !== undefined && launchType !== 'FARGATE')
    throw invalid(`Launch type ${launchType} is not supported here. Use FARGATE.`);
  const providers = strategy.map((item) => stringMember(item, 'capacityProvider') ?? '');
  const unknown = providers.find((name) => !capacityProviders.includes(name));
  if (unknown !== undefined) throw invalid(`The specified capacity provider '${unknown}' was not found.`);
  return providers[0];
}

function checkOverrides(overrides: Input, definition: TaskDefinition): TaskOverrides {
  if (JSON.stringify(overrides).length > maximumOverrideLength) {
    throw invalid(`The overrides are longer than ${maximumOverrideLength} characters.`);
  }
  refuseUnknown(overrides, overrideMembers, 'overrides');
  const containerOverrides = (structureList(overrides, 'containerOverrides') ?? []).map((override) => {
    refuseUnknown(override, containerMembers, 'containerOverrides');
    return checkContainerOverride(override, definition.container.name);
  });
  const cpu = stringMember(overrides, 'cpu');
  const memory = stringMember(overrides, 'memory');
  const ephemeralStorage = checkStorage(structureMember(overrides, 'ephemeralStorage'));
  return {
    ...{ containerOverrides, ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) },
    ...(ephemeralStorage ? { ephemeralStorage } : {}),
  };
}

/** The size is only stored and shown. The worker itself limits the size of its folder. */
function checkStorage(storage: Input | undefined): TaskOverrides['ephemeralStorage'] {
  if (storage === undefined) return undefined;
  refuseUnknown(storage, ['sizeInGiB'], 'ephemeralStorage');
  const sizeInGiB = integerMember(storage, 'sizeInGiB') ?? 0;
  if (sizeInGiB < minimumStorageGiB || sizeInGiB > maximumStorageGiB) {
    throw invalid(`ephemeralStorage must be ${minimumStorageGiB} to ${maximumStorageGiB} GiB, but was ${sizeInGiB}.`);
  }
  return { sizeInGiB };
}

function checkContainerOverride(override: Input, containerName: string): ContainerOverride {
  const name = stringMember(override, 'name') ?? '';
  if (name !== containerName) {
    throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
  }
  const environment = structureList(override, 'environment')?.map((variable): KeyValue => {
    const variableName = stringMember(variable, 'name');
    if (!variableName || variableName.includes('=')) throw invalid('An environment variable must have a name.');
    return { name: variableName, value: stringMember(variable, 'value') ?? '' };
  });
  const command = override.command as string[] | undefined;
  return { name, ...(environment ? { environment } : {}), ...(command ? { command } : {}) };
}

function checkTags(input: Input): { key: string; value: string }[] {
  const tags = structureList(input, 'tags') ?? [];
  if (tags.length > maximumTagCount) throw invalid(`At most ${maximumTagCount} tags can be given.`);
  return tags.map((tag) => ({ key: stringMember(tag, 'key') ?? '', value: stringMember(tag, 'value') ?? '' }));
}

function refuseUnknown(object: Input, known: readonly string[], what: string): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new AwsError('NotImplementedException', `${what}: ${unknown} is not implemented here`, 501);
}

function bounded(input: Input, member: string, maxLength: number): string | undefined {
  const value = stringMember(input, member);
  if (value !== undefined && value.length > maxLength)
    throw invalid(`${member} is longer than ${maxLength} characters.`);
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

/** The members that RunTask may have here. Others are refused, because nothing would act on them. */
const requestMembers: readonly string[] = [
  ...['capacityProviderStrategy', 'clientToken', 'cluster', 'count', 'enableECSManagedTags', 'enableExecuteCommand'],
  ...[
    'group',
    'launchType',
    'networkConfiguration',
    'overrides',
    'platformVersion',
    'propagateTags',
    'referenceId',
    'startedBy',
    'tags',
  ],
  ...['taskDefinition'],
];

/** Users enter tasks here by `espalier enter`, so the flag is only checked and shown. */
const noTaskRole =
  "The service couldn't be started because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.";
const overrideMembers: readonly string[] = ['containerOverrides', 'cpu', 'ephemeralStorage', 'memory'];
const containerMembers: readonly string[] = ['name', 'environment', 'command'];
const capacityProviders: readonly string[] = ['FARGATE', 'FARGATE_SPOT'];
/** API_TaskOverride.html: "A total of 8192 characters are allowed for overrides. This includes the JSON formatting." */
const maximumOverrideLength = 8_192;
/** The limits of a task's storage (API_EphemeralStorage.html). */
const minimumStorageGiB = 21;
const maximumStorageGiB = 200;
const maximumCount = 10;
const maximumTagCount = 50;
const maximumStartedByLength = 128;
const maximumClientTokenLength = 64;
