// The input of the state machine's last step for a task that failed, nonce and provider included.

export const bootNonce = 'boot-nonce-of-this-launch';

/** The error with which `ecs:runTask.sync` answers a task that failed: its cause is the task. */
export function failedTask(stop: { StopCode: string; StoppedReason: string }, worker: object = {}): object {
  const task = {
    CapacityProviderName: 'FARGATE',
    Containers: [{ Name: 'worker', LastStatus: 'STOPPED', ...worker }],
    Overrides: {
      ContainerOverrides: [{ Name: 'worker', Environment: [{ Name: 'ESPALIER_NONCE', Value: bootNonce }] }],
    },
    ...stop,
  };
  return { error: 'States.TaskFailed', cause: JSON.stringify(task) };
}

export const noImage = failedTask(
  { StopCode: 'TaskFailedToStart', StoppedReason: 'CannotPullContainerError: pull access denied' },
  { Reason: 'CannotPullContainerError: pull access denied' },
);
export const exitedAtOnce = failedTask(
  { StopCode: 'EssentialContainerExited', StoppedReason: 'Essential container in task exited' },
  { ExitCode: 1 },
);
export const noCapacity = failedTask({
  StopCode: 'TaskFailedToStart',
  StoppedReason: 'Capacity is unavailable at this time. Please try again later.',
});
