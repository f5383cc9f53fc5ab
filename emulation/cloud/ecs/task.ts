// A task as it is stored and as the API describes it, and the interface of the driver that runs it.

import type { LeftoverProgram, RunningProgram } from '../../../machine/process/program.ts';
import type { KeyValue, TaskDefinition } from './task-definition.ts';

export type ContainerOverride = {
  readonly name: string;
  readonly environment?: KeyValue[];
  readonly command?: string[];
};

export type TaskOverrides = {
  readonly cpu?: string;
  readonly memory?: string;
  readonly ephemeralStorage?: { readonly sizeInGiB: number };
  readonly containerOverrides?: ContainerOverride[];
};

export type StopCode = 'TaskFailedToStart' | 'EssentialContainerExited' | 'UserInitiated' | 'InfrastructureHealth';

/** Members are in camelCase as in the API. Times are milliseconds since 1970 here and seconds on the wire. */
export type Task = {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly taskDefinitionArn: string;
  readonly lastStatus: 'PROVISIONING' | 'RUNNING' | 'STOPPED';
  readonly desiredStatus: 'RUNNING' | 'STOPPED';
  readonly launchType: 'FARGATE';
  readonly capacityProviderName?: string;
  readonly enableExecuteCommand: boolean;
  readonly cpu: string;
  readonly memory: string;
  readonly group: string;
  readonly startedBy?: string;
  readonly overrides: TaskOverrides;
  readonly tags: { readonly key: string; readonly value: string }[];
  readonly containers: {
    readonly containerArn: string;
    readonly taskArn: string;
    readonly name: string;
    readonly image: string;
    readonly lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
    readonly exitCode?: number;
    readonly reason?: string;
  }[];
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly stoppingAt?: number;
  readonly stoppedAt?: number;
  readonly stopCode?: StopCode;
  readonly stoppedReason?: string;
  readonly version: number;
};

export type RunningTask = RunningProgram;
/** A task of an earlier run of the platform that was not STOPPED. */
export type LeftoverTask = LeftoverProgram;

/**
 * Runs containers, for example as processes on this machine (process-driver.ts). A driver reports a task's end only
 * when nothing that the task started is running any more.
 */
export type TaskDriver = {
  /**
   * Rejects if the program cannot be started. The task has then failed to start, and the error's message is the reason.
   */
  start(task: {
    taskArn: string;
    taskId: string;
    definition: TaskDefinition;
    overrides: TaskOverrides;
    /** The container's base URL of the task metadata endpoint, version 4. */
    metadataUrl: string;
  }): Promise<RunningTask>;
  /** Ends the leftovers of these tasks. They are declared STOPPED only after this resolves. */
  endLeftovers(tasks: readonly LeftoverTask[]): Promise<void>;
  /** Ends every running task. */
  close(): Promise<void>;
};

/** The last part of a task's ARN. */
export function taskIdOf(taskArn: string): string {
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}
