// Tests errors of Tasks in our Step Functions (Retry, Catch, timeouts, names of errors), and the definitions that are
// refused.

import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { loadMachine } from '../../emulation/cloud/step-functions/definition.ts';
import { createStepFunctions } from '../../emulation/cloud/step-functions/step-functions.ts';
import type { FunctionOutcome } from '../../emulation/cloud/step-functions/task-call.ts';
import { AwsError } from '../../emulation/cloud/wire/aws-error.ts';
import { statesExtension } from './extension/step-functions/step-functions-extension.ts';
import { createFastClock } from './fast-clock.ts';

const deadlineMs = 20_000;
const speed = 50;

type Answer = FunctionOutcome | 'never' | AwsError;
type Described = {
  readonly status: string;
  readonly output?: string;
  readonly error?: string;
  readonly cause?: string;
};

/** Runs one Task with `more` fields that invokes a function. The function gives `answers`, and repeats the last one. */
async function whenInvoked(answers: readonly Answer[], more: object = {}, after: object = {}) {
  const { database, clock } = { database: new DatabaseSync(':memory:'), clock: createFastClock(speed) };
  let calls = 0;
  const states = createStepFunctions({
    ...{ database, ...clock, onStatus: () => {}, operations: statesExtension },
    async invokeLambda() {
      const answer = answers[Math.min(calls++, answers.length - 1)];
      if (answer instanceof AwsError) throw answer;
      return answer === 'never' ? new Promise(() => {}) : (answer as FunctionOutcome);
    },
    runTask: { start: () => never(), wait: () => never(), stop: async () => {} },
  });
  const task = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: 'f', Payload: {} },
    Output: '{% $states.result.Payload %}',
    End: true,
  };
  const definition = { QueryLanguage: 'JSONata', StartAt: 'Call', States: { Call: { ...task, ...more }, ...after } };
  const { arn } = states.createStateMachine({ name: 'm', roleArn: 'arn:aws:iam::000000000000:role/r', definition });
  const call = (operation: string, input: object) =>
    states.api.operations[operation]?.(input as Record<string, unknown>, { accessKeyId: 'x' }) as object;
  const { executionArn } = call('StartExecution', { stateMachineArn: arn, input: '{"in":1}' }) as {
    executionArn: string;
  };
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const described = call('DescribeExecution', { executionArn }) as Described;
    if (described.status !== 'RUNNING') {
      const { events } = call('GetExecutionHistory', { executionArn }) as { events: { type: string }[] };
      await states.close();
      const output = described.output === undefined ? undefined : (JSON.parse(described.output) as unknown);
      return { ...described, output, calls, types: events.map(({ type }) => type) };
    }
    if (Date.now() > deadline) throw new Error('The execution did not end');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const never = () => Promise.reject(new Error('no task runs here'));
const thrown = (errorType: string): Answer => ({ error: { errorType, errorMessage: 'told' } });
const fine: Answer = { ok: { done: true } };
const caught = { Caught: { Type: 'Pass', End: true } };
const retryOn = (name: string, more: object = {}) => ({
  Retry: [{ ErrorEquals: [name], IntervalSeconds: 1, ...more }],
});
const catchOn = (name: string, more: object = {}) => ({ Catch: [{ ErrorEquals: [name], Next: 'Caught', ...more }] });

describe('Retry', () => {
  it.each([
    ['by the name of the error that the function threw', 'Oops', thrown('Oops'), 3],
    ['by States.ALL', 'States.ALL', thrown('Oops'), 3],
    ['by States.TaskFailed', 'States.TaskFailed', thrown('Oops'), 3],
    [
      'by the name of a refused call',
      'Lambda.TooManyRequestsException',
      new AwsError('TooManyRequestsException', 'x'),
      3,
    ],
    ['not by another name', 'Other', thrown('Oops'), 1],
  ] as const)('repeats %s', async (_what, name, answer, calls) => {
    const execution = await whenInvoked([answer, answer, fine], retryOn(name));
    expect(execution.calls).toBe(calls);
    expect(execution.status).toBe(calls === 3 ? 'SUCCEEDED' : 'FAILED');
  });
  it('ends after MaxAttempts, and then Catch applies', async () => {
    const more = { ...retryOn('States.ALL', { MaxAttempts: 2 }), ...catchOn('Oops') };
    const execution = await whenInvoked([thrown('Oops')], more, caught);
    expect([execution.calls, execution.status]).toEqual([3, 'SUCCEEDED']);
    const cause = JSON.stringify({ errorType: 'Oops', errorMessage: 'told' });
    expect(execution.output).toEqual({ Error: 'Oops', Cause: cause });
    const attempt = ['TaskScheduled', 'TaskStarted', 'TaskFailed'];
    expect(execution.types.slice(1, 12)).toEqual([
      'TaskStateEntered',
      ...attempt,
      ...attempt,
      ...attempt,
      'TaskStateExited',
    ]);
  });
  it('is counted in the context object', async () => {
    const more = { ...retryOn('States.ALL'), Output: '{% $states.context.State.RetryCount %}' };
    expect((await whenInvoked([thrown('Oops'), fine], more)).output).toBe(1);
  });
});

describe('Catch', () => {
  it('evaluates Output and Assign with the error', async () => {
    const rule = { Assign: { seen: '{% $states.errorOutput.Error %}' }, Output: ['{% $states.input.in %}'] };
    const tell = { Caught: { Type: 'Pass', Output: ['{% $seen %}', '{% $states.input %}'], End: true } };
    expect((await whenInvoked([thrown('Oops')], catchOn('States.ALL', rule), tell)).output).toEqual(['Oops', [1]]);
  });
  it('catches a failed evaluation of Arguments', async () => {
    const more = { Arguments: { FunctionName: '{% $nothing %}' }, ...catchOn('States.QueryEvaluationError') };
    const execution = await whenInvoked([fine], more, caught);
    expect(execution).toMatchObject({ calls: 0, status: 'SUCCEEDED' });
    expect(execution.types).toContain('EvaluationFailed');
  });
  it('does not catch a failure of its own evaluation', async () => {
    const execution = await whenInvoked([thrown('Oops')], catchOn('States.ALL', { Output: '{% $nothing %}' }), caught);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
  it('catches a result that is too large by its own name, but not by States.ALL', async () => {
    const large = { ok: 'x'.repeat(300_000) };
    expect(await whenInvoked([large], catchOn('States.ALL'), caught)).toMatchObject({
      error: 'States.DataLimitExceeded',
    });
    const named = await whenInvoked([large], catchOn('States.DataLimitExceeded'), caught);
    expect(named.status).toBe('SUCCEEDED');
  });
});

describe('timeouts', () => {
  const timeout = { TimeoutSeconds: '{% $states.input.in %}' };
  it('end a Task with States.Timeout, which States.TaskFailed does not match', async () => {
    const execution = await whenInvoked(['never'], { ...timeout, ...catchOn('States.TaskFailed') }, caught);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(execution.types).toContain('TaskTimedOut');
  });
  it('are caught by their own name', async () => {
    const execution = await whenInvoked(['never'], { ...timeout, ...catchOn('States.Timeout') }, caught);
    expect(execution.output).toEqual({ Error: 'States.Timeout', Cause: '' });
  });
  it('of heartbeats are matched by States.HeartbeatTimeout', async () => {
    const more = { HeartbeatSeconds: 1, ...catchOn('States.HeartbeatTimeout') };
    expect((await whenInvoked(['never'], more, caught)).status).toBe('SUCCEEDED');
  });
});

describe('loading', () => {
  const pass = { Type: 'Pass', End: true };
  const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, End: true };
  it.each([
    ['JSONPath', { States: { A: pass }, QueryLanguage: 'JSONPath' }, '/QueryLanguage'],
    ['another kind of state', { States: { A: { ...pass, Type: 'Parallel' } } }, '/States/A/Type'],
    ['a JSONPath field', { States: { A: { ...pass, InputPath: '$' } } }, '/States/A/InputPath'],
    [
      'another resource',
      { States: { A: { ...task, Resource: 'arn:aws:states:::sqs:sendMessage' } } },
      '/States/A/Resource',
    ],
    [
      'an argument that is not implemented',
      { States: { A: { ...task, Arguments: { Qualifier: '1' } } } },
      '/Arguments/Qualifier',
    ],
    ['malformed JSONata', { States: { A: { ...pass, Output: { x: '{% 1 + %}' } } } }, '/States/A/Output/x'],
    ['$ at the top', { States: { A: { ...pass, Output: '{% $.a %}' } } }, '/States/A/Output'],
    ['an unqualified name', { States: { A: { ...pass, Output: '{% a.b %}' } } }, '/States/A/Output'],
    ['$eval', { States: { A: { ...pass, Output: "{% $eval('1') %}" } } }, '/States/A/Output'],
    ['a reserved variable', { States: { A: { ...pass, Assign: { states: 1 } } } }, '/States/A/Assign/states'],
    [
      'States.ALL beside others',
      { States: { A: { ...task, Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] } } },
      '/Retry[0]',
    ],
    ['Next together with End', { States: { A: { ...pass, Next: 'A' } } }, '/States/A/Next'],
    ['an unreachable state', { States: { A: pass, B: pass } }, '/States/B'],
    ['a state without a name', { States: { A: pass, '': pass } }, 'must have 1 to 80 characters'],
    [
      'Seconds together with Timestamp',
      { States: { A: { Type: 'Wait', Seconds: 1, Timestamp: '2016-03-14T01:59:00Z', End: true } } },
      '/Seconds',
    ],
    ['an Output of Fail', { States: { A: { Type: 'Fail', Output: 1 } } }, '/States/A/Output'],
  ])('refuses %s, and the message names state and field', (_what, definition, named) => {
    const load = () => loadMachine(JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', ...definition }));
    expect(load).toThrow(AwsError);
    expect(load).toThrow(named);
  });
});
