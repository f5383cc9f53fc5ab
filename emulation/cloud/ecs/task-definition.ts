// Reads task definitions from the properties of an AWS::ECS::TaskDefinition.

import { AwsError } from '../wire/aws-error.ts';
import { isFargateSize } from './task-size.ts';

export type KeyValue = { readonly name: string; readonly value: string };

export type ContainerDefinition = {
  readonly name: string;
  readonly image: string;
  readonly environment: KeyValue[];
  readonly command: string[];
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopTimeoutSeconds: number;
};

export type TaskDefinition = {
  readonly family: string;
  readonly cpu: string;
  readonly memory: string;
  readonly networkMode: string;
  /** Whether its tasks have a role. Their programs do not use it here. */
  readonly hasTaskRole: boolean;
  /** The only container: tasks have no sidecar containers here. */
  readonly container: ContainerDefinition;
};

/**
 * Reads the properties, with names resolved. Throws ClientException for a definition that would run differently on
 * Fargate.
 */
export function parseTaskDefinition(properties: Readonly<Record<string, unknown>>): TaskDefinition {
  const family = textOf(properties, 'Family');
  const cpu = textOf(properties, 'Cpu');
  const memory = textOf(properties, 'Memory');
  if (!isFargateSize(cpu, memory)) throw noSuchSize(cpu, memory);
  const containers = properties.ContainerDefinitions;
  if (!Array.isArray(containers) || containers.length !== 1) {
    throw new AwsError('ClientException', `${family}: a task definition must have exactly one container here`);
  }
  const networkMode = typeof properties.NetworkMode === 'string' ? properties.NetworkMode : 'awsvpc';
  const hasTaskRole = properties.TaskRoleArn !== undefined;
  return {
    family,
    cpu,
    memory,
    networkMode,
    hasTaskRole,
    container: parseContainer(containers[0] as Record<string, unknown>),
  };
}

export function noSuchSize(cpu: string, memory: string): AwsError {
  const told = `No Fargate configuration exists for given values: ${cpu} CPU, ${memory} memory.`;
  return new AwsError('ClientException', told);
}

function parseContainer(container: Readonly<Record<string, unknown>>): ContainerDefinition {
  const stopTimeout = Number(container.StopTimeout ?? defaultStopTimeoutSeconds);
  if (!(stopTimeout >= 0 && stopTimeout <= maximumStopTimeoutSeconds)) {
    throw new AwsError('ClientException', `StopTimeout must be 0 to ${maximumStopTimeoutSeconds} seconds`);
  }
  const environment = (container.Environment ?? []) as { Name: string; Value: string }[];
  return {
    name: textOf(container, 'Name'),
    image: textOf(container, 'Image'),
    environment: environment.map(({ Name, Value }) => ({ name: Name, value: String(Value) })),
    command: [...((container.EntryPoint ?? []) as string[]), ...((container.Command ?? []) as string[])],
    stopTimeoutSeconds: stopTimeout,
  };
}

function textOf(object: Readonly<Record<string, unknown>>, member: string): string {
  const value = object[member];
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new AwsError('ClientException', `${member} must be a string, but was ${JSON.stringify(value)}`);
  }
  return String(value);
}

/** Fargate's default and maximum stopTimeout. */
const defaultStopTimeoutSeconds = 30;
const maximumStopTimeoutSeconds = 120;
