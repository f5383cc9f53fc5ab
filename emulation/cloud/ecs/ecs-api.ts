// The ECS API operations that the product calls.

import { AwsError } from '../wire/aws-error.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringList, stringMember } from '../wire/input.ts';
import type { Task } from './task.ts';
import { showTask } from './task-event.ts';

/** The methods of the engine that the API uses. */
export type TaskFace = {
  start(input: Record<string, unknown>): Promise<{ tasks: Task[]; failures: object[] }>;
  stop(taskArn: string, reason: string): Promise<Task>;
  describe(taskArns: readonly string[]): { tasks: Task[]; failures: object[] };
};

/** @param findCluster returns the ARN of the cluster that a request names, or throws ClusterNotFoundException. */
export function createEcsApi(
  tasks: TaskFace,
  findCluster: (input: Input) => string,
  further: Readonly<Record<string, Operation>> = {},
): JsonService {
  const arnIn = (input: Input, task: string) =>
    task.startsWith('arn:') ? task : `${findCluster(input).replace(':cluster/', ':task/')}/${task}`;
  return {
    name: 'ecs',
    targetPrefix: 'AmazonEC2ContainerServiceV20141113',
    resources(operation, input) {
      const named = operation === 'StopTask' ? [stringMember(input, 'task') ?? ''] : (stringList(input, 'tasks') ?? []);
      return named.map((task) => arnIn(input, task));
    },
    // The product's operations come last, so that a suite cannot replace them.
    operations: {
      ...further,
      async StopTask(input) {
        const task = stringMember(input, 'task');
        if (!task) throw new AwsError('InvalidParameterException', 'taskId cannot be blank');
        findCluster(input);
        const stopped = await tasks.stop(arnIn(input, task), stringMember(input, 'reason') ?? 'Task stopped by user');
        return { task: showTask(stopped, true) };
      },
      DescribeTasks(input) {
        findCluster(input);
        const named = stringList(input, 'tasks') ?? [];
        if (named.length === 0) throw new AwsError('InvalidParameterException', 'Tasks cannot be empty.');
        if (named.length > maximumDescribedCount) {
          throw new AwsError(
            'InvalidParameterException',
            `At most ${maximumDescribedCount} tasks can be described at once.`,
          );
        }
        const withTags = (stringList(input, 'include') ?? []).includes('TAGS');
        const { tasks: found, failures } = tasks.describe(named.map((task) => arnIn(input, task)));
        return { tasks: found.map((task) => showTask(task, withTags)), failures };
      },
    },
  };
}

/** Tasks that one call may describe (API_DescribeTasks.html). */
const maximumDescribedCount = 100;
