// Runs tasks as processes on this machine.

import type { ProgramCommand } from '../../../machine/process/program.ts';
import { createProgramLauncher, endLeftovers } from '../../../machine/process/program-launcher.ts';
import type { RunningTask, TaskDriver } from './task.ts';

export type ProcessDriverOptions = {
  /** The program, with its arguments, that runs in place of the container's image. */
  readonly workerCommand: readonly string[];
  /** The variables that an image would set (PATH, LANG …). The platform's own environment is not passed on. */
  readonly baseEnvironment: Readonly<Record<string, string>>;
  /** Further variables for a task. They override those of the task definition. */
  environmentOf?(taskId: string): Readonly<Record<string, string>>;
  /** Receives the lines of standard output and standard error in order. */
  onLogLines(taskArn: string, lines: readonly string[]): void;
};

type StartInput = Parameters<TaskDriver['start']>[0];

export function createProcessDriver(options: ProcessDriverOptions): TaskDriver {
  const arns = new Map<string, string>();
  const launcher = createProgramLauncher((taskId, lines) => {
    const arn = arns.get(taskId);
    if (arn !== undefined) options.onLogLines(arn, lines);
  });
  return {
    async start(task): Promise<RunningTask> {
      arns.set(task.taskId, task.taskArn);
      const forget = () => arns.delete(task.taskId);
      try {
        const running = await launcher.start(commandOf(options, task));
        running.exited.then(forget, forget);
        return running;
      } catch (error) {
        forget();
        throw error;
      }
    },
    endLeftovers,
    close: () => launcher.close(),
  };
}

function commandOf(
  { workerCommand, baseEnvironment, environmentOf }: ProcessDriverOptions,
  task: StartInput,
): ProgramCommand {
  const { container } = task.definition;
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container.name);
  const variables = [...container.environment, ...(override?.environment ?? [])];
  return {
    taskId: task.taskId,
    command: [...workerCommand, ...(override?.command ?? [])],
    environment: {
      ...baseEnvironment,
      ...Object.fromEntries(variables.map(({ name, value }) => [name, value])),
      ...environmentOf?.(task.taskId),
      ECS_CONTAINER_METADATA_URI_V4: task.metadataUrl,
    },
    stopTimeoutMs: container.stopTimeoutSeconds * 1000,
  };
}
