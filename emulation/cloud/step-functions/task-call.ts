// Calls the services that a Task names: runs a task and waits for its end, or invokes a function.

import { createHash, randomUUID } from 'node:crypto';
import type { Execution, TaskInFlight } from './execution.ts';
import type { Stimulus } from './interpreter.ts';
import { type Json, type JsonObject, toCamelCase, toPascalCase } from './json.ts';
import { ecsCallError, lambdaCallError, StateError } from './state-error.ts';

/** The part of ECS's description that decides the outcome of a .sync task. The rest is passed on unread. */
export type RunTask = { readonly taskArn: string; readonly containers?: { readonly exitCode?: number }[] };

/** The in-process methods of ECS. `start` with the clientToken of an earlier call returns the task of that call. */
export type TaskService = {
  start(input: Record<string, unknown>): Promise<{ tasks: RunTask[]; failures: object[] }>;
  /** Resolves with the task once it is STOPPED. Rejects if there is no such task. */
  wait(taskArn: string): Promise<RunTask>;
  stop(taskArn: string, reason: string): Promise<unknown>;
};

export type FunctionOutcome =
  | { readonly ok: unknown }
  | { readonly error: { readonly errorType?: string; readonly errorMessage?: string; [member: string]: unknown } };

/** Calls a function by ARN or name. If the function throws, that is an outcome. If the call is refused, it rejects. */
export type InvokeLambda = (functionArn: string, payload: unknown) => Promise<FunctionOutcome>;

export type Services = { readonly invokeLambda: InvokeLambda; readonly runTask: TaskService };

/** The service's metadata in results. Only the status has a meaning here. */
const sdkMetadata = (): JsonObject => ({
  SdkHttpMetadata: { AllHttpHeaders: {}, HttpHeaders: {}, HttpStatusCode: 200 },
  SdkResponseMetadata: { RequestId: randomUUID() },
});

/**
 * Invokes the function that the Arguments name. An invocation that was interrupted by a crash is repeated at the next
 * start.
 */
export async function invokeFunction(services: Services, { arguments: given }: TaskInFlight): Promise<Stimulus> {
  let outcome: FunctionOutcome;
  try {
    outcome = await services.invokeLambda(String(given.FunctionName ?? ''), given.Payload ?? {});
  } catch (error) {
    return { kind: 'failed', event: 'TaskFailed', error: lambdaCallError(error) };
  }
  if ('error' in outcome) {
    const error = new StateError(outcome.error.errorType || 'Lambda.Unknown', JSON.stringify(outcome.error));
    return { kind: 'failed', event: 'TaskFailed', error };
  }
  const payload = (outcome.ok === undefined ? null : outcome.ok) as Json;
  return {
    kind: 'succeeded',
    result: { ExecutedVersion: '$LATEST', Payload: payload, ...sdkMetadata(), StatusCode: 200 },
  };
}

/**
 * Calls RunTask. Failures of placement come as an answer, not as an error: they become `AmazonECS.Unknown` with the
 * answer as cause (connect-ecs.html). If the call is repeated after a crash, its client token returns the first call's
 * task.
 */
export async function submitTask(services: Services, execution: Execution): Promise<Stimulus> {
  const task = execution.position.task;
  if (!task) throw new Error(`${execution.arn} has no task to submit`);
  const clientToken = createHash('sha256').update(`${execution.arn}#${task.scheduledEventId}`).digest('hex');
  const fail = (error: StateError): Stimulus => ({ kind: 'failed', event: 'TaskSubmitFailed', error });
  let answer: Awaited<ReturnType<TaskService['start']>>;
  try {
    answer = await services.runTask.start({ ...(toCamelCase(task.arguments) as JsonObject), clientToken });
  } catch (error) {
    return fail(ecsCallError(error));
  }
  const output = { ...(toPascalCase(answer) as JsonObject), ...sdkMetadata() };
  const [started] = answer.tasks;
  if (answer.failures.length > 0 || !started) {
    return fail(new StateError('AmazonECS.Unknown', JSON.stringify(output)));
  }
  return { kind: 'submitted', taskArn: started.taskArn, output };
}

/**
 * Waits for a task's end. The task succeeds if every container exited with 0. Otherwise States.TaskFailed describes it.
 */
export async function awaitTask({ runTask }: Services, taskArn: string): Promise<Stimulus> {
  let task: RunTask;
  try {
    task = await runTask.wait(taskArn);
  } catch (error) {
    return { kind: 'failed', event: 'TaskFailed', error: ecsCallError(error) };
  }
  const result = toPascalCase(task);
  const containers = task.containers ?? [];
  const succeeded = containers.length > 0 && containers.every(({ exitCode }) => exitCode === 0);
  if (succeeded) return { kind: 'succeeded', result };
  return { kind: 'failed', event: 'TaskFailed', error: new StateError('States.TaskFailed', JSON.stringify(result)) };
}
