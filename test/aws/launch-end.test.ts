// How a launch ended, read from the input of the state machine's last step. The state machine waits out exactly the
// ends that are read as missing capacity.

import { readFileSync } from 'node:fs';
import jsonata from 'jsonata';
import { describe, expect, test } from 'vitest';
import { capacityError, readLaunchEnd } from '../../aws/launch-end.ts';
import { capacityReason } from '../../aws/worker-end.ts';
import { jobAttemptCases, type MockedAnswer } from '../contract/job-attempt-cases.ts';
import { bootNonce, exitedAtOnce, failedTask, noCapacity, noImage } from './failed-task.ts';

const ends: [string, unknown, string, string][] = [
  ['no image', noImage, 'refused', 'TaskFailedToStart; CannotPullContainerError: pull access denied'],
  ['a worker that exits', exitedAtOnce, 'exited', 'EssentialContainerExited; exit code 1; Essential container in task'],
  ['no capacity at its start', noCapacity, 'noCapacity', 'TaskFailedToStart; Capacity is unavailable'],
  ['a host lost', failedTask({ StopCode: 'InfrastructureHealth', StoppedReason: '' }), 'lost', 'InfrastructureHealth'],
  ['a spot reclaim', failedTask({ StopCode: 'SpotInterruption', StoppedReason: '' }), 'reclaimed', 'SpotInterruption'],
  ['a cause that was cut', { error: 'States.TaskFailed', cause: `{"Value":"${bootNonce}` }, 'exited', 'no stop code'],
  [
    'a start that the placement refuses',
    { error: 'AmazonECS.Unknown', cause: '{"Failures":[{"Reason":"RESOURCE:CPU"}]}' },
    ...(['noCapacity', 'RESOURCE'] as const),
  ],
  ['a mistake', { error: 'ECS.InvalidParameterException', cause: 'TaskDefinition not found.' }, 'refused', 'not found'],
  ['an error without a cause', { error: 'ECS.ServerException', cause: '' }, 'noCapacity', 'no cause given'],
  ['a task that ended well', { taskArn: 'arn', stopCode: 'EssentialContainerExited', exitCode: 0 }, 'exited', 'code 0'],
];

describe('the end of a launch', () => {
  test.each(ends)('%s', (_title, seen, how, part) => {
    const end = readLaunchEnd(seen);
    expect(end.how).toBe(how);
    expect(end.why).toContain(part);
    expect(end.why).not.toContain(bootNonce);
  });

  test.each([undefined, 'text', {}])('%j says nothing', (seen) => {
    expect(readLaunchEnd(seen)).toEqual({ kind: 'ended', how: 'unknown', why: '' });
  });
});

/** The condition under which the state machine starts the task again. */
const condition = (() => {
  const text = readFileSync(new URL('../../statemachines/job-attempt.asl.json', import.meta.url), 'utf8');
  const { States } = JSON.parse(text) as { States: { Launchable: { Choices: { Condition: string }[] } } };
  return (States.Launchable.Choices[0]?.Condition ?? '').replace(/^\{%|%\}$/g, '');
})();

function isRetried(input: unknown): Promise<unknown> {
  return jsonata(condition).evaluate({}, { states: { input }, attempt: 1 });
}

describe('the state machine', () => {
  test('looks for the same words', () => {
    const literals = [...condition.matchAll(/\/((?:[^/\\]|\\.)+)\//g)].map(([, source]) => source);
    expect(literals).toEqual([
      String.raw`"StopCode":\s*"TaskFailedToStart"`,
      String.raw`"StoppedReason":\s*"[^"]*(${capacityReason.source})`,
      capacityError.source,
    ]);
  });

  const refused = ends.filter(([, seen]) => (seen as { error?: string }).error !== undefined);
  test.each(refused)('starts a task again only when capacity was missing: %s', async (_title, seen, how) => {
    expect(await isRetried(seen)).toBe(how === 'noCapacity');
  });

  const answered = jobAttemptCases.flatMap(({ name, path, answers: { RunWorker } }) => {
    const seen = seenOf(RunWorker[0]);
    return seen === undefined ? [] : [{ name, seen, retried: path[2] === 'Backoff' }];
  });
  test.each(answered)('treats its own case as it is read here: $name', ({ seen, retried }) => {
    expect(readLaunchEnd(seen).how === 'noCapacity').toBe(retried);
  });
});

function seenOf(answer: MockedAnswer | undefined): object | undefined {
  return answer !== undefined && 'Throw' in answer
    ? { error: answer.Throw.Error, cause: answer.Throw.Cause }
    : undefined;
}
