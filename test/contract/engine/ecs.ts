// Starts our ECS for its contract suite: tasks are Node processes that evaluate the script in their variable SCRIPT.

import { createEcs, type Ecs } from '../../../emulation/cloud/ecs/ecs.ts';
import { createProcessDriver } from '../../../emulation/cloud/ecs/process-driver.ts';
import type { Endpoint } from '../endpoint.ts';
import { taskExtension } from '../extension/ecs/ecs-extension.ts';
import { startControl } from './control.ts';

export const cluster = 'workers';
export const slotCount = 2;

export type OurEcs = Endpoint & {
  readonly ecs: Ecs;
  readonly events: Record<string, unknown>[];
  readonly lines: string[];
};

/** The task definition of the suite: a stop timeout of one second, and one variable. */
export const contractTaskDefinition = {
  Family: 'worker',
  Cpu: '256',
  Memory: '512',
  NetworkMode: 'awsvpc',
  ContainerDefinitions: [
    {
      Name: 'worker',
      Image: 'espalier/worker:1',
      StopTimeout: 1,
      Environment: [{ Name: 'FROM_DEFINITION', Value: 'd' }],
    },
  ],
};

export function scriptDriver(onLogLine: (taskArn: string, line: string) => void = () => {}) {
  return createProcessDriver({
    workerCommand: [process.execPath, '--input-type=module', '-e', 'await eval(process.env.SCRIPT)'],
    baseEnvironment: { PATH: process.env.PATH ?? '' },
    onLogLines(taskArn, lines) {
      for (const line of lines) onLogLine(taskArn, line);
    },
  });
}

export async function startOurs(): Promise<OurEcs> {
  const events: Record<string, unknown>[] = [];
  const lines: string[] = [];
  let made: Ecs | undefined;
  const endpoint = await startControl((database) => {
    const launch = scriptDriver((_taskArn, line) => lines.push(line));
    const onStateChange = (event: object) => void events.push(event as Record<string, unknown>);
    const ecs = createEcs({
      database,
      now: Date.now,
      launch,
      slots: slotCount,
      onStateChange,
      operations: taskExtension,
    });
    ecs.createCluster(cluster);
    ecs.registerTaskDefinition(contractTaskDefinition);
    made = ecs;
    return { services: [ecs.api], close: ecs.close };
  });
  return { ...endpoint, ecs: made as Ecs, events, lines };
}
