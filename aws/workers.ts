// Starts, observes and stops workers: one Step Functions execution for a launch, one ECS task in it.

import { DescribeTasksCommand, type ECSClient, StopTaskCommand } from '@aws-sdk/client-ecs';
import {
  DescribeExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { LaunchInput, WorkerState, Workers } from '../core/context.ts';
import type { WorkerId } from '../core/id/worker.ts';
import { AwsFailure, translated, unlessRefused } from './failure.ts';
import { endOfTask } from './worker-end.ts';

export type WorkerNames = {
  readonly stateMachineArn: () => string;
  readonly cluster: () => string;
  readonly taskDefinition: () => string;
  /** The task definition of workers whose job may be held. */
  readonly debugTaskDefinition: () => string;
};

export function createWorkers(sfn: () => SFNClient, ecs: () => ECSClient, names: WorkerNames): Workers {
  return {
    async start(worker, input) {
      const command = new StartExecutionCommand({
        stateMachineArn: names.stateMachineArn(),
        name: worker,
        input: JSON.stringify(
          executionInput(worker, input, input.debug ? names.debugTaskDefinition() : names.taskDefinition()),
        ),
      });
      // It was dispatched before, by a message that came twice: the execution exists.
      await unlessRefused('StartExecution', ['ExecutionAlreadyExists'], () => sfn().send(command));
    },
    async launchState(worker) {
      const command = new DescribeExecutionCommand({ executionArn: executionArn(names.stateMachineArn(), worker) });
      const answer = await unlessRefused('DescribeExecution', ['ExecutionDoesNotExist'], () => sfn().send(command));
      if (answer === undefined) return undefined;
      const open = answer.status === 'RUNNING' || answer.status === 'PENDING_REDRIVE';
      return open ? { kind: 'starting' } : { kind: 'ended', how: 'unknown', why: '' };
    },
    async stopLaunch(worker, cause) {
      const command = new StopExecutionCommand({
        executionArn: executionArn(names.stateMachineArn(), worker),
        error: 'Stopped',
        cause,
      });
      await unlessRefused('StopExecution', ['ExecutionDoesNotExist'], () => sfn().send(command));
    },
    state: (arn) => describeTask(ecs(), names.cluster(), arn),
    async stop(arn, reason) {
      const command = new StopTaskCommand({
        cluster: names.cluster(),
        task: arn,
        reason: reason.slice(0, maximumReasonLength),
      });
      // ECS forgets stopped tasks within the hour, and then calls their ARN an invalid parameter.
      await unlessRefused('StopTask', ['InvalidParameterException'], () => ecs().send(command));
    },
  };
}

async function describeTask(client: ECSClient, cluster: string, arn: string): Promise<WorkerState | undefined> {
  const command = new DescribeTasksCommand({ cluster, tasks: [arn] });
  const answer = await translated('DescribeTasks', () => client.send(command));
  const task = answer.tasks?.[0];
  if (task === undefined) {
    const reason = answer.failures?.[0]?.reason;
    if (reason === undefined || reason === 'MISSING') return undefined;
    throw new AwsFailure('DescribeTasks', reason, `ECS would not describe ${arn}`, { transient: false });
  }
  if (task.lastStatus !== 'STOPPED') return { kind: statusesOfStart.has(task.lastStatus) ? 'starting' : 'running' };
  const { stopCode, stoppedReason } = task;
  const { exitCode, reason } = task.containers?.find(({ name }) => name === 'worker') ?? {};
  return endOfTask({ stopCode, stoppedReason, exitCode, containerReason: reason });
}

/** The input that statemachines/job-attempt.asl.json names in its comment, in the form that ECS takes. */
function executionInput(worker: WorkerId, input: LaunchInput, taskDefinition: string): object {
  const provider = input.spot ? 'FARGATE_SPOT' : 'FARGATE';
  return {
    worker,
    taskDefinition,
    capacityProviderStrategy: [{ CapacityProvider: provider, Weight: 1 }],
    cpu: String(input.cores * cpuUnitsPerCore),
    memory: String(input.memoryGib * mibPerGib),
    diskGib: input.diskGib,
    enableExecuteCommand: input.debug,
    environment: Object.entries(input.environment).map(([Name, Value]) => ({ Name, Value })),
    tags: Object.entries(input.tags).map(([name, Value]) => ({ Key: `espalier:${name}`, Value })),
  };
}

/** `…:execution:<state machine>:<name>` from `…:stateMachine:<state machine>`. */
function executionArn(stateMachineArn: string, name: string): string {
  return `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** The statuses of a task whose containers have not been started yet. */
const statusesOfStart: ReadonlySet<string | undefined> = new Set(['PROVISIONING', 'PENDING', 'ACTIVATING']);
const cpuUnitsPerCore = 1024;
const mibPerGib = 1024;

/** ECS's limit on the reason of a stop. Step Functions allows a far longer cause. */
const maximumReasonLength = 255;
