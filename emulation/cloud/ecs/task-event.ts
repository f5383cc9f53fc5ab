// The EventBridge event of a changed task, and a task as the wire shows it. It knows nothing of the bus.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
import type { Task } from './task.ts';

const TIMES = ['createdAt', 'startedAt', 'stoppingAt', 'stoppedAt'] as const;

/** "ECS Task State Change": times in ISO 8601. */
export function taskEvent(task: Task, now: number): object {
  const { tags: _told, ...rest } = task;
  const detail = withTimes(rest, (ms) => new Date(ms).toISOString());
  const updatedAt = new Date(now).toISOString();
  return {
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    resources: [task.taskArn],
    time: `${updatedAt.slice(0, 19)}Z`,
    detail: { ...detail, updatedAt },
  };
}

/** As the JSON protocol shows it: times in seconds. Tags only where they are asked for. */
export function showTask(task: Task, withTags: boolean): object {
  const { tags, ...rest } = task;
  return { ...withTimes(rest, (ms) => ms / 1000), ...(withTags ? { tags } : { tags: [] }) };
}

function withTimes(task: Omit<Task, 'tags'>, format: (ms: number) => unknown): object {
  const times = TIMES.flatMap((name) => (task[name] === undefined ? [] : [[name, format(task[name])] as const]));
  return { ...task, ...Object.fromEntries(times) };
}
