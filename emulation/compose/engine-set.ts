// Creates the emulated services of one data folder and connects them as AWS's are connected. S3, ECS and Step Functions
// send events to EventBridge. Step Functions runs tasks and functions in its role's name.

import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { DataFolder } from '../../machine/data-folder.ts';
import { removeJobFolder } from '../../worker/remove-folder.ts';
import type { Authority } from '../authority/authority.ts';
import { type Capacity, createCapacity } from '../capacity.ts';
import { createEcs, type Ecs } from '../cloud/ecs/ecs.ts';
import { createProcessDriver } from '../cloud/ecs/process-driver.ts';
import type { NewEvent } from '../cloud/event-bridge/bus-event.ts';
import { createEventBridge, type EventBridge } from '../cloud/event-bridge/event-bridge.ts';
import { createLambda, type Lambda } from '../cloud/lambda/lambda.ts';
import { createSsm, type Ssm } from '../cloud/ssm/ssm.ts';
import { createStepFunctions, type StepFunctions } from '../cloud/step-functions/step-functions.ts';
import { arnOf } from '../cloud/wire/account.ts';
import type { Exchanges } from '../exchange/exchange.ts';
import type { LogStore, ObjectStore, Queues } from '../exchange/port.ts';
import { openLogs, openObjects, openQueues } from './own-or-foreign.ts';

export type Services = {
  readonly database: DatabaseSync;
  readonly logs: LogStore;
  readonly sqs: Queues;
  readonly ssm: Ssm;
  readonly s3: ObjectStore;
  readonly ecs: Ecs;
  readonly lambda: Lambda;
  readonly eventBridge: EventBridge;
  readonly stepFunctions: StepFunctions;
  readonly capacity: Capacity;
};

export type ServiceOptions = {
  readonly folder: DataFolder;
  readonly database: DatabaseSync;
  readonly authority: Authority;
  /** The services that stand elsewhere. */
  readonly exchanges: Exchanges;
  readonly workers: number;
  /** The command of a worker, and the variables that its environment holds besides the container's. */
  readonly workerCommand: readonly string[];
  readonly workerEnvironment: Readonly<Record<string, string>>;
  readonly compileCache: string;
  /** Returns the log stream of a container by the ARN of its task. */
  logOf(taskArn: string): { group: string; stream: string };
  /** Returns the role of the state machine. */
  machineRole(): string;
  /** Called with an event that could not be delivered to a rule's target. */
  onDeadEvent(rule: string, target: string, event: string): void;
  report(what: string, fault: unknown): void;
  count(what: string, amount?: number): void;
};

type StatusDetail = { readonly detail: { readonly name: string; readonly status: string } };
type TaskDetail = {
  readonly detail: { readonly taskArn: string; readonly lastStatus: string; readonly group?: string };
};

export function createServices(options: ServiceOptions): Services {
  const { folder, database, count } = options;
  const now = Date.now;
  const base = { database, now };
  const capacity = createCapacity(options.workers);
  const logs = openLogs(options);
  const eventBridge = createEventBridge({
    ...base,
    onDead: ({ rule, target, event }) => options.onDeadEvent(rule, target, JSON.stringify(event)),
  });
  const lambda = createLambda({
    ...base,
    compileCache: options.compileCache,
    onLogLine: (group, stream, line) => logs.append(group, stream, [{ timestamp: now(), message: line }]),
    onInvocation({ functionName, memoryMb, durationMs }) {
      count(`lambda:${functionName}`);
      count('lambdaMegabyteSeconds', (memoryMb * durationMs) / 1000);
    },
  });
  const ecs = createEcs({
    ...base,
    slots: options.workers,
    launch: createTasks(options, logs),
    onStateChange(event) {
      const { taskArn, lastStatus, group = '' } = (event as TaskDetail).detail;
      if (lastStatus === 'STOPPED') {
        capacity.ended(group.replace(/^worker:/, ''));
        const path = jobFolder(folder, taskArn);
        removeJobFolder(path, (fault) =>
          options.report(`the folder of an ended job, ${path}, could not be removed`, fault),
        );
      }
      eventBridge.publish(event as NewEvent);
    },
  });
  const stepFunctions = createStepFunctions({
    ...base,
    ...taskAndFunctionCalls(options, { ecs, lambda }),
    onStatus(event) {
      const { name, status } = (event as StatusDetail).detail;
      if (status !== 'RUNNING') capacity.ended(name);
      eventBridge.publish(event as NewEvent);
    },
    onTransition: () => count('transitions'),
  });
  const s3 = openObjects(options, (event) => void eventBridge.publish(event));
  const sqs = openQueues(options);
  return { database, logs, sqs, ssm: createSsm(), s3, ecs, lambda, eventBridge, stepFunctions, capacity };
}

/** A job's own folder on this machine. */
function jobFolder(folder: DataFolder, taskArnOrId: string): string {
  return join(folder.file('jobs'), taskArnOrId.slice(taskArnOrId.lastIndexOf('/') + 1));
}

function createTasks(options: ServiceOptions, logs: LogStore) {
  return createProcessDriver({
    workerCommand: options.workerCommand,
    baseEnvironment: options.workerEnvironment,
    environmentOf: (taskId) => ({ ESPALIER_ROOT: jobFolder(options.folder, taskId) }),
    onLogLines(taskArn, lines) {
      const { group, stream } = options.logOf(taskArn);
      const timestamp = Date.now();
      logs.append(
        group,
        stream,
        lines.map((message) => ({ timestamp, message })),
      );
    },
  });
}

/** A state machine calls in its role's name. A call that the role does not allow fails as on AWS. */
function taskAndFunctionCalls(
  { authority, machineRole }: ServiceOptions,
  { ecs, lambda }: { ecs: Ecs; lambda: Lambda },
) {
  return {
    async invokeLambda(functionArn: string, payload: unknown) {
      authority.demand(machineRole(), { action: 'lambda:InvokeFunction', resource: functionArn });
      const result = await lambda.invoke(functionArn, JSON.stringify(payload));
      return 'error' in result ? result : { ok: JSON.parse(result.payload) as unknown };
    },
    runTask: {
      ...ecs.tasks,
      async start(input: Record<string, unknown>) {
        const resource = asArn('task-definition', String(input.taskDefinition));
        const context = { 'ecs:cluster': [asArn('cluster', String(input.cluster))] };
        authority.demand(machineRole(), { action: 'ecs:RunTask', resource, context });
        return ecs.tasks.start(input);
      },
      async stop(taskArn: string, reason: string) {
        authority.demand(machineRole(), { action: 'ecs:StopTask', resource: taskArn });
        return ecs.tasks.stop(taskArn, reason);
      },
    },
  };
}

/** A name is the last part of an ARN. A family without a revision means its newest one. */
function asArn(kind: 'cluster' | 'task-definition', name: string): string {
  if (name.startsWith('arn:')) return name;
  return arnOf('ecs', `${kind}/${name}${kind === 'cluster' || name.includes(':') ? '' : ':1'}`);
}
