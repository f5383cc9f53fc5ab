// Tests what the product assumes of AWS Step Functions with JSONata, through the SDK, against any engine. Recorded
// behaviour of AWS is cited where the documentation is silent.

import { randomUUID } from 'node:crypto';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  type DescribeExecutionCommandOutput,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { check, contractEngine, contractRegion, type Endpoint, givenEndpoint } from './endpoint.ts';
import { jobAttemptCases, jobAttemptDefinition, jobAttemptInput, mockable } from './job-attempt-cases.ts';

const roleArn = 'arn:aws:iam::000000000000:role/states';
const deadlineMs = 60_000;
const pollMs = 25;

let engine: Endpoint;
let states: SFNClient;

beforeAll(async () => {
  engine = await givenEndpoint('step-functions');
  states = new SFNClient({ region: contractRegion, endpoint: engine.endpoint, credentials: engine.credentials });
});
afterAll(async () => {
  states.destroy();
  await engine.close();
});

async function givenMachine(states_: object, more: object = {}): Promise<string> {
  const definition = JSON.stringify({
    QueryLanguage: 'JSONata',
    StartAt: Object.keys(states_)[0],
    States: states_,
    ...more,
  });
  const created = await states.send(new CreateStateMachineCommand({ name: `m-${randomUUID()}`, roleArn, definition }));
  return created.stateMachineArn ?? '';
}

const start = (stateMachineArn: string, input: unknown = {}, name?: string) =>
  states.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input), name }));

async function whenEnded(executionArn = ''): Promise<DescribeExecutionCommandOutput> {
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const execution = await states.send(new DescribeExecutionCommand({ executionArn }));
    if (execution.status !== 'RUNNING') return execution;
    if (Date.now() > deadline) throw new Error(`${executionArn} did not end`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

async function whenRun(states_: object, input: unknown = {}, more: object = {}) {
  const { executionArn } = await start(await givenMachine(states_, more), input);
  return whenEnded(executionArn);
}

const outputOf = (execution: DescribeExecutionCommandOutput) => JSON.parse(execution.output ?? 'null') as unknown;

async function historyOf(executionArn = ''): Promise<HistoryEvent[]> {
  return (await states.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }))).events ?? [];
}

const pathOf = (events: HistoryEvent[]) =>
  events.flatMap(({ stateEnteredEventDetails: entered }) => (entered?.name ? [entered.name] : []));

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => error.name,
  );

/** A Pass that ends with `Output`. */
const output = (value: unknown) => ({ Only: { Type: 'Pass', Output: value, End: true } });

describe('data', () => {
  check('sfn/output-expressions', 'only strings of the form {% … %} are evaluated, at every depth', async () => {
    const template = {
      sum: '{% $states.input.a + 1 %}',
      list: ['{% $states.input.a %}', ' {% $states.input.a %} ', 'text'],
      nothing: null,
    };
    const execution = await whenRun(output(template), { a: 1 });
    expect(outputOf(execution)).toEqual({ sum: 2, list: [1, ' {% $states.input.a %} ', 'text'], nothing: null });
  });
  check('sfn/lists-stay', 'empty lists and lists of one element stay lists', async () => {
    const execution = await whenRun(output({ none: '{% $states.input.none %}', one: '{% $states.input.one %}' }), {
      none: [],
      one: [{ a: 1 }],
    });
    expect(outputOf(execution)).toEqual({ none: [], one: [{ a: 1 }] });
  });
  check('sfn/undefined', 'an expression without a value fails the state, and the cause names the field', async () => {
    const execution = await whenRun(output({ result: '{% $doesNotExist %}' }));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(execution.cause).toContain("'$doesNotExist' specified for the field 'Output/result' returned nothing");
  });
  check('sfn/evaluation-failed-event', 'a failed evaluation is an event of its own', async () => {
    const execution = await whenRun(output('{% $doesNotExist %}'));
    const event = (await historyOf(execution.executionArn)).find(({ type }) => type === 'EvaluationFailed');
    expect(event?.evaluationFailedEventDetails).toMatchObject({ location: 'Output', state: 'Only' });
  });
  check('sfn/variables', 'Output and Assign both see the variables from before the state', async () => {
    const execution = await whenRun({
      First: { Type: 'Pass', Assign: { n: 1 }, Next: 'Second' },
      Second: { Type: 'Pass', Assign: { n: '{% $n + 1 %}' }, Output: '{% $n %}', Next: 'Third' },
      Third: { Type: 'Pass', Output: { before: '{% $states.input %}', now: '{% $n %}' }, End: true },
    });
    expect(outputOf(execution)).toEqual({ before: 1, now: 2 });
  });
  check('sfn/context', 'the context object holds the execution, the machine and the state', async () => {
    const machine = await givenMachine(output('{% $states.context %}'));
    const execution = await whenEnded((await start(machine, { x: 1 }, 'named')).executionArn);
    expect(outputOf(execution)).toMatchObject({
      Execution: { Id: execution.executionArn, Name: 'named', Input: { x: 1 }, RoleArn: roleArn },
      StateMachine: { Id: machine },
      State: { Name: 'Only' },
    });
  });
  check('sfn/data-limit', 'an output above 256 KiB fails the state', async () => {
    const half = { text: 'x'.repeat(200_000) };
    const execution = await whenRun(output(['{% $states.input.text %}', '{% $states.input.text %}']), half);
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });
});

describe('states', () => {
  const choice = {
    Pick: {
      Type: 'Choice',
      Choices: [{ Condition: '{% $states.input.n > 1 %}', Assign: { by: 'rule' }, Output: 'big', Next: 'Tell' }],
      Assign: { by: 'default' },
      Output: 'small',
      Default: 'Tell',
    },
    Tell: { Type: 'Pass', Output: ['{% $by %}', '{% $states.input %}'], End: true },
  };
  check('sfn/choice-rule', "a rule that matches uses the rule's Assign and Output", async () => {
    expect(outputOf(await whenRun(choice, { n: 2 }))).toEqual(['rule', 'big']);
  });
  check('sfn/choice-default', "the default uses the state's own Assign and Output", async () => {
    expect(outputOf(await whenRun(choice, { n: 1 }))).toEqual(['default', 'small']);
  });
  check('sfn/choice-type', 'a condition that is not a boolean fails the state', async () => {
    const execution = await whenRun(choice, { n: 'text' });
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
  });
  check(
    'sfn/no-choice',
    'a Choice without a matching rule or a default fails with States.NoChoiceMatched',
    async () => {
      const { Default: _none, Assign: _a, Output: _o, ...rest } = choice.Pick;
      const execution = await whenRun({ Pick: rest, Tell: choice.Tell }, { n: 0 });
      expect(execution).toMatchObject({ status: 'FAILED', error: 'States.NoChoiceMatched' });
    },
  );
  check('sfn/wait', 'Wait passes on its input after its seconds, and at once for a past timestamp', async () => {
    const execution = await whenRun(
      {
        Some: { Type: 'Wait', Seconds: '{% $states.input.s %}', Next: 'Past' },
        Past: { Type: 'Wait', Timestamp: '2016-03-14T01:59:00Z', End: true },
      },
      { s: 1 },
    );
    expect(outputOf(execution)).toEqual({ s: 1 });
  });
  check('sfn/wait-timestamp', 'a timestamp without T fails the state', async () => {
    const execution = await whenRun(
      { Some: { Type: 'Wait', Timestamp: '{% $states.input.at %}', End: true } },
      { at: '2016-12-05 21:29:29Z' },
    );
    expect(execution).toMatchObject({ status: 'FAILED', error: 'States.QueryEvaluationError' });
    expect(execution.cause).toContain('cannot be parsed as an ISO-8601 extended offset date-time format string');
  });
  check('sfn/succeed', 'Succeed ends with its Output', async () => {
    const execution = await whenRun({ Yes: { Type: 'Succeed', Output: '{% $states.input.a %}' } }, { a: [1] });
    expect([execution.status, outputOf(execution)]).toEqual(['SUCCEEDED', [1]]);
  });
  check('sfn/fail', 'Fail ends with its error and cause, if it has them', async () => {
    const told = await whenRun({ No: { Type: 'Fail', Error: "{% 'E' & 1 %}", Cause: 'why' } });
    expect(told).toMatchObject({ status: 'FAILED', error: 'E1', cause: 'why' });
    const bare = await whenRun({ No: { Type: 'Fail' } });
    expect([bare.status, bare.error, bare.cause, bare.output]).toEqual(['FAILED', undefined, undefined, undefined]);
  });
  check('sfn/machine-timeout', "the machine's TimeoutSeconds end an execution as TIMED_OUT", async () => {
    const execution = await whenRun({ Long: { Type: 'Wait', Seconds: 600, End: true } }, {}, { TimeoutSeconds: 1 });
    expect(execution.status).toBe('TIMED_OUT');
  });
});

describe('history', () => {
  check('sfn/history', 'events are numbered from 1, and the first entered state has no previous event', async () => {
    const execution = await whenRun({ Only: { Type: 'Pass', End: true } });
    const events = await historyOf(execution.executionArn);
    expect(events.map(({ id, previousEventId, type }) => [id, previousEventId, type])).toEqual([
      [1, 0, 'ExecutionStarted'],
      [2, 0, 'PassStateEntered'],
      [3, 2, 'PassStateExited'],
      [4, 3, 'ExecutionSucceeded'],
    ]);
  });
});

describe('the API', () => {
  const waits = { Long: { Type: 'Wait', Seconds: 600, End: true } };
  check('sfn/start-again', 'a start with the same name and input returns the running execution', async () => {
    const machine = await givenMachine(waits);
    const first = await start(machine, { a: 1 }, 'same');
    expect(await start(machine, { a: 1 }, 'same')).toMatchObject({ executionArn: first.executionArn });
    expect(await refusal(start(machine, { a: 2 }, 'same'))).toBe('ExecutionAlreadyExists');
    await states.send(new StopExecutionCommand({ executionArn: first.executionArn }));
    await whenEnded(first.executionArn);
    expect(await refusal(start(machine, { a: 1 }, 'same'))).toBe('ExecutionAlreadyExists');
  });
  check(
    'sfn/stop',
    'a stopped execution is ABORTED with the given error and cause, and a second stop changes nothing',
    async () => {
      const { executionArn } = await start(await givenMachine(waits));
      const stopped = await states.send(new StopExecutionCommand({ executionArn, error: 'E', cause: 'because' }));
      const execution = await whenEnded(executionArn);
      expect(execution).toMatchObject({ status: 'ABORTED', error: 'E', cause: 'because' });
      expect(stopped.stopDate).toBeInstanceOf(Date);
      await states.send(new StopExecutionCommand({ executionArn, error: 'other' }));
      expect((await whenEnded(executionArn)).error).toBe('E');
      const types = (await historyOf(executionArn)).map(({ type }) => type);
      expect(types).toEqual(['ExecutionStarted', 'WaitStateEntered', 'ExecutionAborted']);
    },
  );
  check('sfn/refusals', 'missing and malformed things are refused with their own errors', async () => {
    const machine = await givenMachine(waits);
    const gone = machine.replace('stateMachine:', 'stateMachine:gone-');
    const none = machine.replace('stateMachine:', 'execution:').concat(':none');
    expect(await refusal(start(gone))).toBe('StateMachineDoesNotExist');
    expect(await refusal(start(machine, {}, 'a b'))).toBe('InvalidName');
    const bad = new StartExecutionCommand({ stateMachineArn: machine, input: 'not json' });
    expect(await refusal(states.send(bad))).toBe('InvalidExecutionInput');
    expect(await refusal(states.send(new DescribeExecutionCommand({ executionArn: none })))).toBe(
      'ExecutionDoesNotExist',
    );
    const noArn = new DescribeExecutionCommand({ executionArn: 'nonsense' });
    expect(await refusal(states.send(noArn))).toBe('InvalidArn');
  });
  check('sfn/invalid-next', 'a definition that leads nowhere is refused', async () => {
    const created = givenMachine({ Only: { Type: 'Pass', Next: 'Nowhere' } });
    expect(await refusal(created)).toBe('InvalidDefinition');
  });
});

describe('the deployed state machine', () => {
  let machine: string;
  const spelled = (text: string) => (contractEngine === 'ours' ? text : mockable(text));
  beforeAll(async () => {
    // A foreign engine finds the cases by this name in a file (mockConfig), and takes the case after a `#`.
    const name = process.env.CONTRACT_JOB_ATTEMPT ?? 'job-attempt';
    const definition = spelled(jobAttemptDefinition());
    const created = new CreateStateMachineCommand({ name, roleArn, definition });
    machine = (await states.send(created)).stateMachineArn ?? '';
  });
  for (const { name, path, finaliseCalls, status, seen } of jobAttemptCases) {
    check(`sfn/job-attempt-${name}`, `passes ${path.join(', ')}`, async () => {
      const suffix = contractEngine === 'ours' ? '' : `#${name}`;
      const { executionArn } = await start(machine + suffix, jobAttemptInput(name), `${name}-${Date.now()}`);
      const execution = await whenEnded(executionArn);
      const events = await historyOf(executionArn);
      expect({ path: pathOf(events), status: execution.status }).toEqual({ path, status });
      const calls = events.filter(({ taskScheduledEventDetails: call }) => call?.resourceType === 'lambda');
      expect(calls.length).toBe(finaliseCalls);
      const told = JSON.parse(calls.at(-1)?.taskScheduledEventDetails?.parameters ?? '{}') as {
        Payload: { worker: string; seen: Record<string, unknown> };
      };
      expect(told.Payload.worker).toBe(name);
      for (const [member, value] of Object.entries(seen)) {
        const found = told.Payload.seen[member];
        if (typeof value === 'string') expect(found).toContain(spelled(value));
        else expect(found).toEqual(value);
      }
    });
  }
});
