// The parts of ECS's description of a task that are read. Answers are fixed: no engine on this machine runs out of
// memory as Fargate does.

import { Readable } from 'node:stream';
import { ECSClient, type ECSClientConfig } from '@aws-sdk/client-ecs';
import { SFNClient } from '@aws-sdk/client-sfn';
import { expect, test } from 'vitest';
import { createWorkers } from '../../aws/workers.ts';
import type { WorkerId } from '../../core/id/worker.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const names = {
  stateMachineArn: () => 'machine',
  cluster: () => 'workers',
  taskDefinition: () => 'worker',
  debugTaskDefinition: () => 'worker-debug',
};

function givenWorkers(answer: object) {
  const body = () => Readable.from([Buffer.from(JSON.stringify(answer))]);
  const handler = { handle: async () => ({ response: { statusCode: 200, headers: {}, body: body() } as never }) };
  const requestHandler = handler as unknown as NonNullable<ECSClientConfig['requestHandler']>;
  const ecs = new ECSClient({ region: 'us-east-1', credentials, requestHandler });
  const sfn = new SFNClient({ region: 'us-east-1', credentials });
  return createWorkers(
    () => sfn,
    () => ecs,
    names,
  );
}

test('a task reports why it stopped and why its worker did, and only the latter says that memory ran out', async () => {
  const stop = { stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' };
  const reason = 'OutOfMemoryError: Container killed due to memory usage';
  const containers = [
    { name: 'aws-guardduty-agent', exitCode: 0, reason: 'of another container' },
    { name: 'worker', exitCode: 137, reason },
  ];
  const workers = givenWorkers({
    tasks: [{ taskArn: 'arn', lastStatus: 'STOPPED', ...stop, containers }],
    failures: [],
  });
  const why = `exit code 137; Essential container in task exited; ${reason}`;
  expect(await workers.state('arn')).toEqual({ kind: 'ended', how: 'outOfMemory', why });
});

test('a running task has not ended yet, and nothing is known about a forgotten one', async () => {
  const running = givenWorkers({ tasks: [{ lastStatus: 'RUNNING', containers: [{ name: 'worker' }] }] });
  expect(await running.state('arn')).toEqual({ kind: 'running' });
  const pending = givenWorkers({ tasks: [{ lastStatus: 'PENDING', containers: [{ name: 'worker' }] }] });
  expect(await pending.state('arn')).toEqual({ kind: 'starting' });
  const forgotten = givenWorkers({ tasks: [], failures: [{ arn: 'arn', reason: 'MISSING' }] });
  expect(await forgotten.state('arn')).toBeUndefined();
});

test.each([
  [false, 'worker'],
  [true, 'worker-debug'],
])('a launch with debug %s takes the task definition %s', async (debug, taskDefinition) => {
  const inputs: unknown[] = [];
  const handle = async ({ body }: { readonly body: string }) => {
    inputs.push(JSON.parse(JSON.parse(body).input));
    return { response: { statusCode: 200, headers: {}, body: Readable.from(['{}']) } as never };
  };
  const requestHandler = { handle } as unknown as NonNullable<ECSClientConfig['requestHandler']>;
  const sfn = new SFNClient({ region: 'us-east-1', credentials, requestHandler });
  const workers = createWorkers(
    () => sfn,
    () => new ECSClient({ region: 'us-east-1', credentials }),
    names,
  );
  const launch = { cores: 1, memoryGib: 2, diskGib: 50, environment: {}, tags: {}, spot: false, debug };
  await workers.start('job-a-t0-l0' as WorkerId, launch);
  expect(inputs).toMatchObject([{ taskDefinition, enableExecuteCommand: debug }]);
});
