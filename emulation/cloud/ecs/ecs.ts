// Amazon ECS (Fargate) for the embedded cloud: in-process methods and the API.

import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringMember } from '../wire/input.ts';
import { openOutbox } from '../wire/outbox.ts';
import { inTransaction } from '../wire/transaction.ts';
import { pieceRows, startUpkeep } from '../wire/upkeep.ts';
import { createEcsApi, type TaskFace } from './ecs-api.ts';
import { createMetadataEndpoint } from './metadata-endpoint.ts';
import { checkRunRequest } from './run-request.ts';
import type { Task, TaskDriver } from './task.ts';
import { parseTaskDefinition } from './task-definition.ts';
import { createTaskLife, type TaskLife } from './task-life.ts';
import { createTaskStore, type TaskStore } from './task-store.ts';
import { openTaskTable, type TaskTable } from './task-table.ts';

export type EcsOptions = {
  readonly database: DatabaseSync;
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs the containers. */
  readonly launch: TaskDriver;
  /**
   * Tasks that may run at once. RunTask reports a failure for each task beyond them, as it does when Fargate has no
   * capacity.
   */
  readonly slots: number;
  /** Receives "ECS Task State Change" events in order, at least once, also after a crash. */
  onStateChange(event: object): Promise<void> | void;
  /** Further operations of the API, for test suites. */
  operations?(tasks: TaskFace): Readonly<Record<string, Operation>>;
};

export type RunTaskAnswer = {
  readonly tasks: Task[];
  readonly failures: { readonly reason: string; readonly arn?: string; readonly detail?: string }[];
};

export type Ecs = {
  readonly api: JsonService;
  /** Returns the cluster's ARN. Clusters are not stored, because the template creates them at each start. */
  createCluster(name: string): { arn: string };
  /**
   * Takes the properties of an AWS::ECS::TaskDefinition, with names resolved. An unchanged definition keeps its
   * revision.
   */
  registerTaskDefinition(properties: Readonly<Record<string, unknown>>): { arn: string; revision: number };
  readonly tasks: {
    /** RunTask. A call with the clientToken of an earlier call returns the task of that call. */
    start(input: Record<string, unknown>): Promise<RunTaskAnswer>;
    /** Resolves with the task once it is STOPPED. Throws InvalidParameterException if the ARN is unknown. */
    wait(taskArn: string): Promise<Task>;
    stop(taskArn: string, reason: string): Promise<Task>;
    describe(taskArns: readonly string[]): { tasks: Task[]; failures: { arn: string; reason: string }[] };
    /** The number of free slots. */
    free(): number;
  };
  /**
   * Recovers from a crash: ends the leftovers of tasks that were not STOPPED, then declares these tasks STOPPED with
   * the code InfrastructureHealth. Call it once, before Step Functions resumes. Rejects if a leftover cannot be ended.
   */
  resume(): Promise<void>;
  /**
   * Ends the running tasks without declaring them STOPPED. The next `resume` declares them STOPPED, as after a crash.
   */
  close(): Promise<void>;
};

export function createEcs(options: EcsOptions): Ecs {
  const { database, now, launch, slots } = options;
  const table = openTaskTable(database);
  const outbox = openOutbox(database, 'ecs_outbox', options.onStateChange);
  const clusters = new Set<string>();
  const metadata = createMetadataEndpoint(table.get);
  const store = createTaskStore({ database, table, outbox, now });
  const life = createTaskLife({ store, now, launch, metadata });
  const upkeep = startUpkeep('tasks', () => table.purge(now() - retentionMs, pieceRows) === pieceRows);

  const findCluster = (input: Input): string => {
    const name = stringMember(input, 'cluster') ?? 'default';
    const arn = name.startsWith('arn:') ? name : arnOf('ecs', `cluster/${name}`);
    if (!clusters.has(arn)) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
    return arn;
  };
  const tasks: Ecs['tasks'] = {
    start: async (input) => startTasks({ options, table, store, life, clusterArn: findCluster(input) }, input),
    wait: store.wait,
    stop: async (taskArn, reason) => life.stop(taskArn, reason),
    describe(taskArns) {
      const found = taskArns.map((arn) => ({ arn, task: table.get(arn) }));
      return {
        tasks: found.flatMap(({ task }) => (task ? [task] : [])),
        failures: found.flatMap(({ arn, task }) => (task ? [] : [{ arn, reason: 'MISSING' }])),
      };
    },
    free: () => Math.max(0, slots - table.openCount()),
  };
  return {
    api: createEcsApi(tasks, findCluster, options.operations?.(tasks)),
    createCluster(name) {
      const arn = arnOf('ecs', `cluster/${name}`);
      clusters.add(arn);
      return { arn };
    },
    registerTaskDefinition: (properties) => table.define(parseTaskDefinition(properties)),
    tasks,
    async resume() {
      upkeep.run();
      await life.declareLost();
      outbox.flush();
    },
    async close() {
      upkeep.close();
      await life.close();
      await metadata.close();
      await outbox.close();
    },
  };
}

type Starting = {
  readonly options: EcsOptions;
  readonly table: TaskTable;
  readonly store: TaskStore;
  readonly life: TaskLife;
  readonly clusterArn: string;
};

/** RunTask: starts as many tasks as there are free slots, and reports a failure for each further one. */
function startTasks({ options, table, store, life, clusterArn }: Starting, input: Input): RunTaskAnswer {
  const named = table.definition(stringMember(input, 'taskDefinition') ?? '');
  if (!named) throw new AwsError('InvalidParameterException', 'TaskDefinition not found.');
  const { count, clientToken, makeTask } = checkRunRequest(input, clusterArn, named);
  const before = clientToken === undefined ? undefined : table.byClientToken(clientToken);
  if (before) return { tasks: [before], failures: [] };
  const free = Math.max(0, options.slots - table.openCount());
  const made = Array.from({ length: Math.min(count, free) }, () => makeTask(options.now()));
  inTransaction(options.database, () => {
    for (const [index, task] of made.entries()) store.provision(task, index === 0 ? clientToken : undefined);
  });
  for (const task of made) life.launch(task, named.definition);
  const failures = Array.from({ length: count - made.length }, () => ({ reason: 'RESOURCE:CPU' }));
  return { tasks: made, failures };
}

/** ECS shows stopped tasks for at least an hour. Here they are kept for a day. */
const retentionMs = 24 * 3_600_000;
