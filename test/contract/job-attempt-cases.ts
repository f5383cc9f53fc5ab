// The cases of the deployed state machine as data: the answers of the services, and the states that an interpreter must
// pass. step-functions.test.ts runs them on ours, and mockConfig turns them into the file of SFN_MOCK_CONFIG that
// LocalStack reads.

import { readFileSync } from 'node:fs';
import { given } from '../../core/given.ts';

export type MockedAnswer =
  | { readonly Return: object }
  | { readonly Throw: { readonly Error: string; readonly Cause: string } };

export type MockedCase = {
  /** At most 40 of A-Z, a-z, 0-9, because it becomes a name in the mock file and part of an execution's name. */
  readonly name: string;
  /** The answers to the calls of a state in order. Ours repeats the last one; LocalStack needs one for each call. */
  readonly answers: { readonly RunWorker: readonly MockedAnswer[]; readonly Finalise: readonly MockedAnswer[] };
  /** The entered states in order. */
  readonly path: readonly string[];
  /** The number of calls of Finalise. Its retries do not enter the state again. */
  readonly finaliseCalls: number;
  readonly status: 'SUCCEEDED' | 'FAILED';
  /** The expected `seen` of Finalise's payload. A text must be part of the value. */
  readonly seen: Readonly<Record<string, unknown>>;
};

const cluster = 'arn:aws:ecs:us-east-1:000000000000:cluster/workers';
const taskArn = 'arn:aws:ecs:us-east-1:000000000000:task/workers/0123456789abcdef0123456789abcdef';

/** A stopped task as `ecs:runTask.sync` shows it. Its capacity provider must not look like missing capacity. */
function stoppedTask(stopCode: string, stoppedReason: string, exitCode?: number): object {
  return {
    CapacityProviderName: 'FARGATE',
    ClusterArn: cluster,
    Containers: [{ Name: 'worker', LastStatus: 'STOPPED', ...given({ ExitCode: exitCode }) }],
    LastStatus: 'STOPPED',
    StopCode: stopCode,
    StoppedReason: stoppedReason,
    TaskArn: taskArn,
  };
}

const exited = (exitCode: number) =>
  stoppedTask('EssentialContainerExited', 'Essential container in task exited', exitCode);
const failedTask = (task: object): MockedAnswer => ({
  Throw: { Error: 'States.TaskFailed', Cause: JSON.stringify(task) },
});
const done: MockedAnswer = { Return: exited(0) };
const throttled: MockedAnswer = {
  Throw: {
    Error: 'ECS.AmazonECSException',
    Cause: 'Rate exceeded (Service: AmazonECS; Status Code: 400; Error Code: ThrottlingException; Proxy: null)',
  },
};
const finalised: MockedAnswer = { Return: { StatusCode: 200, Payload: {} } };

const once = ['RunWorker', 'Finalise'];
const givenUp = ['RunWorker', 'Launchable', 'Finalise'];
const again = ['RunWorker', 'Launchable', 'Backoff'];

/** The cases cover every state, both exits of Launchable, and each kind of message that its condition distinguishes. */
export const jobAttemptCases: readonly MockedCase[] = [
  {
    name: 'Done',
    answers: { RunWorker: [done], Finalise: [finalised] },
    ...{ path: once, finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { taskArn, stopCode: 'EssentialContainerExited', exitCode: 0 },
  },
  {
    name: 'ThrottledTwice',
    answers: { RunWorker: [throttled, throttled, done], Finalise: [finalised] },
    ...{ path: [...again, ...again, ...once], finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { exitCode: 0 },
  },
  {
    name: 'NoCapacityOnce',
    answers: {
      RunWorker: [
        { Throw: { Error: 'AmazonECS.Unknown', Cause: '{"Failures":[{"Reason":"RESOURCE:CPU"}],"Tasks":[]}' } },
        done,
      ],
      Finalise: [finalised],
    },
    ...{ path: [...again, ...once], finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { exitCode: 0 },
  },
  {
    name: 'NoCapacityAtStart',
    answers: {
      RunWorker: [failedTask(stoppedTask('TaskFailedToStart', 'Capacity is unavailable at this time.')), done],
      Finalise: [finalised],
    },
    ...{ path: [...again, ...once], finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { exitCode: 0 },
  },
  {
    name: 'ServerErrorOnce',
    answers: {
      RunWorker: [{ Throw: { Error: 'ECS.ServerException', Cause: 'Service Unavailable' } }, done],
      Finalise: [finalised],
    },
    ...{ path: [...again, ...once], finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { exitCode: 0 },
  },
  {
    name: 'Permanent',
    answers: {
      RunWorker: [{ Throw: { Error: 'ECS.InvalidParameterException', Cause: 'TaskDefinition not found.' } }],
      Finalise: [finalised],
    },
    ...{ path: givenUp, finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { error: 'ECS.InvalidParameterException', cause: 'TaskDefinition not found.' },
  },
  {
    name: 'ContainerFailure',
    answers: { RunWorker: [failedTask(exited(1))], Finalise: [finalised] },
    ...{ path: givenUp, finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { error: 'States.TaskFailed', cause: '"ExitCode":1' },
  },
  {
    name: 'NoSuchImage',
    answers: {
      RunWorker: [failedTask(stoppedTask('TaskFailedToStart', 'CannotPullContainerError: pull access denied'))],
      Finalise: [finalised],
    },
    ...{ path: givenUp, finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { error: 'States.TaskFailed', cause: 'CannotPullContainerError' },
  },
  {
    name: 'HostLost',
    answers: {
      RunWorker: [failedTask(stoppedTask('InfrastructureHealth', 'The host of this task was lost'))],
      Finalise: [finalised],
    },
    ...{ path: givenUp, finaliseCalls: 1, status: 'SUCCEEDED' },
    seen: { error: 'States.TaskFailed', cause: 'InfrastructureHealth' },
  },
  {
    name: 'FinaliseFailsThenSucceeds',
    answers: {
      RunWorker: [done],
      Finalise: [
        { Throw: { Error: 'Lambda.ServiceException', Cause: 'mocked' } },
        { Throw: { Error: 'TypeError', Cause: '{"errorType":"TypeError","errorMessage":"mocked"}' } },
        finalised,
      ],
    },
    ...{ path: once, finaliseCalls: 3, status: 'SUCCEEDED' },
    seen: { exitCode: 0 },
  },
];

/** The members that go into Arguments are in PascalCase at every depth, as Step Functions requires. */
export const jobAttemptInput = (name: string): object => ({
  worker: name,
  taskDefinition: 'arn:aws:ecs:us-east-1:000000000000:task-definition/worker:1',
  capacityProviderStrategy: [{ CapacityProvider: 'FARGATE', Weight: 1 }],
  cpu: '1024',
  memory: '2048',
  diskGib: 150,
  environment: [{ Name: 'ESPALIER_JOB', Value: name }],
  tags: [],
});

/** The deployed file with the names that the template would fill in. */
export function jobAttemptDefinition(): string {
  const text = readFileSync(new URL('../../statemachines/job-attempt.asl.json', import.meta.url), 'utf8');
  const names: Readonly<Record<string, string>> = {
    Partition: 'aws',
    ClusterArn: cluster,
    SubnetIds: 'subnet-1,subnet-2',
    SecurityGroupId: 'sg-1',
    FinaliseFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:finalise',
  };
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => names[name] ?? name);
}

/** The content of SFN_MOCK_CONFIG for a machine of that name. Executions then start on `<machine ARN>#<case>`. */
export function mockConfig(machineName: string): object {
  const responses: Record<string, object> = {};
  const testCases: Record<string, Record<string, string>> = {};
  for (const { name, answers } of jobAttemptCases) {
    testCases[name] = {};
    for (const [state, list] of Object.entries(answers)) {
      const response = `${name}${state}`;
      testCases[name][state] = response;
      responses[response] = Object.fromEntries(list.map((answer, index) => [String(index), answer]));
    }
  }
  const config = { StateMachines: { [machineName]: { TestCases: testCases } }, MockedResponses: responses };
  return JSON.parse(mockable(JSON.stringify(config))) as object;
}

/**
 * Renames States.TaskFailed in the answers and in the machine, because LocalStack refuses to mock an error whose name
 * begins with `States.`. The cases on our own engine check the real name.
 * The source is https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
 */
export function mockable(text: string): string {
  return text.replaceAll('States.TaskFailed', 'Mocked.TaskFailed');
}
