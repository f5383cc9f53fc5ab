// Answers for the services of a state machine as the cases of job-attempt-cases.ts say, through the real mapping of
// errors. A mocked `ECS.X` is a RunTask call that throws X, and a mocked States.TaskFailed is a task that stopped so.

import { toCamelCase } from '../../emulation/cloud/step-functions/json.ts';
import type { FunctionOutcome, RunTask, Services } from '../../emulation/cloud/step-functions/task-call.ts';
import { AwsError } from '../../emulation/cloud/wire/aws-error.ts';
import type { MockedAnswer, MockedCase } from './job-attempt-cases.ts';

export type MockedServices = Services & {
  /** The payloads of Finalise, by case. */
  readonly finalised: Map<string, unknown[]>;
};

/** The job's id names the case. RunTask's group ends with the name of the execution, which begins with that id. */
export function createMockedServices(cases: readonly MockedCase[]): MockedServices {
  const finalised = new Map<string, unknown[]>();
  const calls = new Map<string, number>();
  const tasks = new Map<string, RunTask>();
  const next = (name: string, state: 'RunWorker' | 'Finalise'): MockedAnswer => {
    const answers = cases.find((each) => each.name === name)?.answers[state];
    if (!answers) throw new Error(`No case ${name}`);
    const count = calls.get(name + state) ?? 0;
    calls.set(name + state, count + 1);
    return answers[Math.min(count, answers.length - 1)] as MockedAnswer;
  };
  return {
    finalised,
    async invokeLambda(_functionArn, payload): Promise<FunctionOutcome> {
      const { worker } = payload as { worker: string };
      finalised.set(worker, [...(finalised.get(worker) ?? []), payload]);
      const answer = next(worker, 'Finalise');
      if ('Return' in answer) return { ok: (answer.Return as { Payload: unknown }).Payload };
      const { Error: error, Cause: cause } = answer.Throw;
      if (error.startsWith('Lambda.')) throw new AwsError(error.slice('Lambda.'.length), cause, 500);
      return { error: JSON.parse(cause) as { errorType: string } };
    },
    runTask: {
      async start(input) {
        const name = /^worker:([A-Za-z0-9]+)/.exec(String(input.group))?.[1] ?? '';
        const answer = next(name, 'RunWorker');
        const taskArn = `arn:aws:ecs:us-east-1:000000000000:task/workers/${tasks.size}`;
        if ('Return' in answer) {
          tasks.set(taskArn, toCamelCase(answer.Return) as RunTask);
          return { tasks: [{ taskArn }], failures: [] };
        }
        const { Error: error, Cause: cause } = answer.Throw;
        if (error === 'AmazonECS.Unknown') return { tasks: [], failures: [toCamelCase(JSON.parse(cause)) as object] };
        if (error !== 'States.TaskFailed') throw new AwsError(error.slice('ECS.'.length), cause);
        tasks.set(taskArn, toCamelCase(JSON.parse(cause)) as RunTask);
        return { tasks: [{ taskArn }], failures: [] };
      },
      wait: async (taskArn) => tasks.get(taskArn) as RunTask,
      stop: async () => {},
    },
  };
}
