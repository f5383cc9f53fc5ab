// Makes the EventBridge event of a changed task, and the task's description in the API.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html

import type { Task } from './task.ts';

/** The event "ECS Task State Change". Its times are in ISO 8601. */
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

/** The task as the JSON protocol describes it. Times are in seconds, and tags are included only if asked for. */
export function showTask(task: Task, withTags: boolean): object {
  const { tags, ...rest } = task;
  return { ...withTimes(rest, (ms) => ms / 1000), ...(withTags ? { tags } : { tags: [] }) };
}

function withTimes(task: Omit<Task, 'tags'>, format: (ms: number) => unknown): object {
  const times = timeFields.flatMap((name) => (task[name] === undefined ? [] : [[name, format(task[name])] as const]));
  return { ...task, ...Object.fromEntries(times) };
}

const timeFields = ['createdAt', 'startedAt', 'stoppingAt', 'stoppedAt'] as const;
