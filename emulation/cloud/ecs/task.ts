// A task as it is kept and as the API describes it, and the seam to what runs it. It knows nothing of storage or processes.
import type { LeftoverProgram, RunningProgram } from '../../../machine/process/program.ts';
import type { KeyValue, TaskDefinition } from './task-definition.ts';

export type ContainerOverride = { name: string; environment?: KeyValue[]; command?: string[] };

export type TaskOverrides = {
  cpu?: string;
  memory?: string;
  ephemeralStorage?: { sizeInGiB: number };
  containerOverrides?: ContainerOverride[];
};

export type StopCode = 'TaskFailedToStart' | 'EssentialContainerExited' | 'UserInitiated' | 'InfrastructureHealth';

/** camelCase as the API; times are milliseconds since 1970 here and seconds on the wire. */
export type Task = {
  taskArn: string;
  clusterArn: string;
  taskDefinitionArn: string;
  lastStatus: 'PROVISIONING' | 'RUNNING' | 'STOPPED';
  desiredStatus: 'RUNNING' | 'STOPPED';
  launchType: 'FARGATE';
  capacityProviderName?: string;
  cpu: string;
  memory: string;
  group: string;
  startedBy?: string;
  overrides: TaskOverrides;
  tags: { key: string; value: string }[];
  containers: {
    containerArn: string;
    taskArn: string;
    name: string;
    image: string;
    lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
    exitCode?: number;
    reason?: string;
  }[];
  createdAt: number;
  startedAt?: number;
  stoppingAt?: number;
  stoppedAt?: number;
  stopCode?: StopCode;
  stoppedReason?: string;
  version: number;
};

export type RunningTask = RunningProgram;
/** A task of an earlier run of the platform that was not STOPPED. */
export type LeftoverTask = LeftoverProgram;

/**
 * What runs containers: processes of this machine (process-driver.ts), or another way. A driver knows nothing of the API.
 * A task's end is told only when nothing that it started runs any more.
 */
export type TaskDriver = {
  /** Rejects where the program cannot be started: the task has failed to start, with the error's message as reason. */
  start(task: {
    taskArn: string;
    taskId: string;
    definition: TaskDefinition;
    overrides: TaskOverrides;
    /** The container's base URL of the task metadata endpoint, version 4. */
    metadataUrl: string;
  }): Promise<RunningTask>;
  /** Ends what is left of these tasks; they are declared STOPPED only after it resolves. */
  endLeftovers(tasks: readonly LeftoverTask[]): Promise<void>;
  /** Ends every task that runs. */
  close(): Promise<void>;
};

/** The last part of a task's ARN. */
export function taskIdOf(taskArn: string): string {
  return taskArn.slice(taskArn.lastIndexOf('/') + 1);
}
