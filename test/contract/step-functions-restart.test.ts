// Tests what survives the end of the platform in our Step Functions: positions, waits, tasks in flight, status events.
// It also tests stops, our ECS beside it, and its pace.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { createEcs } from '../../emulation/cloud/ecs/ecs.ts';
import { createStepFunctions, type StepFunctions } from '../../emulation/cloud/step-functions/step-functions.ts';
import type { RunTask, Services } from '../../emulation/cloud/step-functions/task-call.ts';
import { openDatabase } from '../../emulation/cloud/wire/transaction.ts';
import { cluster, contractTaskDefinition, scriptDriver } from './engine/ecs.ts';
import { statesExtension } from './extension/step-functions/step-functions-extension.ts';
import { createFastClock } from './fast-clock.ts';
import { jobAttemptDefinition, jobAttemptInput } from './job-attempt-cases.ts';

const deadlineMs = 30_000;
const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end();
});

function givenDatabase(): { path: string; open(): DatabaseSync } {
  const folder = mkdtempSync(join(tmpdir(), 'sfn-'));
  ended.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'cloud.sqlite');
  return {
    path,
    open() {
      const database = openDatabase(path);
      ended.push(() => database.isOpen && database.close());
      return database;
    },
  };
}

const stopped = (taskArn: string, exitCode: number): RunTask => ({ taskArn, containers: [{ exitCode }] });
const hang = () => new Promise<never>(() => {});
const services = (
  more: Partial<Services['runTask']> = {},
  invokeLambda: Services['invokeLambda'] = hang,
): Services => ({
  invokeLambda,
  runTask: { start: hang, wait: hang, stop: async () => {}, ...more },
});

type Platform = {
  readonly states: StepFunctions;
  readonly events: { readonly detail: { readonly name: string; readonly status: string } }[];
};

function givenPlatform(database: DatabaseSync, given: Services, clock = createFastClock(1)): Platform {
  const events: Platform['events'] = [];
  const onStatus = (event: object) => void events.push(event as Platform['events'][number]);
  const states = createStepFunctions({ database, ...clock, ...given, onStatus, operations: statesExtension });
  ended.push(() => states.close());
  return { states, events };
}

const call = <Answer>({ states }: Platform, operation: string, input: object) =>
  states.api.operations[operation]?.(input as Record<string, unknown>, { accessKeyId: 'x' }) as Answer;

function start(platform: Platform, definition: object | string, input: object, name: string): string {
  const machine = { name: 'job-attempt', roleArn: 'arn:aws:iam::000000000000:role/r', definition };
  const { arn: stateMachineArn } = platform.states.createStateMachine(machine);
  const request = { stateMachineArn, input: JSON.stringify(input), name };
  return call<{ executionArn: string }>(platform, 'StartExecution', request).executionArn;
}

const describeExecution = (platform: Platform, executionArn: string) =>
  call<{ status: string; output?: string }>(platform, 'DescribeExecution', { executionArn });

const typesOf = (platform: Platform, executionArn: string) =>
  call<{ events: { type: string }[] }>(platform, 'GetExecutionHistory', { executionArn, maxResults: 1000 }).events.map(
    ({ type }) => type,
  );

async function eventually<Value>(look: () => Value | undefined | false): Promise<Value> {
  for (const deadline = Date.now() + deadlineMs; ; ) {
    const value = look();
    if (value) return value;
    if (Date.now() > deadline) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const whenDone = (platform: Platform, arn: string) =>
  eventually(() => describeExecution(platform, arn).status !== 'RUNNING' && describeExecution(platform, arn));

/** Ends the platform silently, as SIGKILL does: later answers do not change the stored state. */
async function kill({ states }: Platform, database: DatabaseSync): Promise<void> {
  await states.close();
  database.close();
}

const runAttempt = (platform: Platform, name: string) =>
  start(platform, jobAttemptDefinition(), jobAttemptInput(name), name);

describe('after the end of the platform', () => {
  it('a task in flight is awaited by its ARN and not run again', async () => {
    const file = givenDatabase();
    let database = file.open();
    const first = givenPlatform(
      database,
      services({ start: async () => ({ tasks: [{ taskArn: 'arn:t' }], failures: [] }) }),
    );
    const arn = runAttempt(first, 'inFlight');
    await eventually(() => typesOf(first, arn).includes('TaskSubmitted'));
    await kill(first, database);

    database = file.open();
    const waited: string[] = [];
    const wait = async (taskArn: string) => {
      waited.push(taskArn);
      return stopped(taskArn, 0);
    };
    const second = givenPlatform(
      database,
      services({ wait }, async () => ({ ok: {} })),
    );
    second.states.resume();
    expect((await whenDone(second, arn)).status).toBe('SUCCEEDED');
    expect(waited).toEqual(['arn:t']);
  });

  it('a RunTask whose answer was lost is repeated with the same client token', async () => {
    const file = givenDatabase();
    let database = file.open();
    const tokens: unknown[] = [];
    const answerWith =
      (answer: () => Promise<{ tasks: RunTask[]; failures: object[] }>) => (input: Record<string, unknown>) => {
        tokens.push(input.clientToken);
        return answer();
      };
    const first = givenPlatform(database, services({ start: answerWith(hang) }));
    const arn = runAttempt(first, 'lostAnswer');
    await eventually(() => tokens.length === 1);
    await kill(first, database);

    database = file.open();
    const again = services({
      start: answerWith(async () => ({ tasks: [{ taskArn: 'arn:t' }], failures: [] })),
      wait: async (taskArn) => stopped(taskArn, 0),
    });
    const second = givenPlatform(database, { ...again, invokeLambda: async () => ({ ok: {} }) });
    second.states.resume();
    await whenDone(second, arn);
    expect(tokens.length).toBe(2);
    expect(tokens[0]).toBe(tokens[1]);
    expect(String(tokens[0])).toMatch(/^[0-9a-f]{64}$/);
  });

  it('a function in flight is invoked again, and a wait ends when it would have ended', async () => {
    const file = givenDatabase();
    let database = file.open();
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Call',
      States: {
        Call: {
          ...{ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Assign: { kept: 7 }, Next: 'Pause' },
          Arguments: { FunctionName: 'f', Payload: {} },
        },
        Pause: { Type: 'Wait', Seconds: 2, Next: 'Tell' },
        Tell: { Type: 'Pass', Output: '{% $kept %}', End: true },
      },
    };
    const first = givenPlatform(database, services());
    const arn = start(first, definition, {}, 'again');
    await eventually(() => typesOf(first, arn).includes('TaskStarted'));
    await kill(first, database);

    database = file.open();
    const second = givenPlatform(
      database,
      services({}, async () => ({ ok: {} })),
    );
    second.states.resume();
    await eventually(() => typesOf(second, arn).includes('WaitStateEntered'));
    const due = Date.now() + 2000;
    await kill(second, database);

    database = file.open();
    const third = givenPlatform(database, services());
    third.states.resume();
    const { status, output } = await whenDone(third, arn);
    expect([status, output]).toEqual(['SUCCEEDED', '7']);
    expect(Math.abs(Date.now() - due)).toBeLessThan(1500);
  });

  it('status events that were refused are delivered in order', async () => {
    const file = givenDatabase();
    const database = file.open();
    const refusing = createStepFunctions({
      ...{ database, ...createFastClock(1), ...services() },
      onStatus: () => {
        throw new Error('not now');
      },
    });
    const definition = { QueryLanguage: 'JSONata', StartAt: 'A', States: { A: { Type: 'Succeed' } } };
    const before = { states: refusing, events: [] };
    const arn = start(before, definition, {}, 'told');
    await whenDone(before, arn);
    await kill(before, database);

    const second = givenPlatform(file.open(), services());
    second.states.resume();
    await eventually(() => second.events.length === 2);
    expect(second.events.map(({ detail }) => [detail.name, detail.status])).toEqual([
      ['told', 'RUNNING'],
      ['told', 'SUCCEEDED'],
    ]);
  });
});

describe('StopExecution', () => {
  it('stops the task of a runTask.sync', async () => {
    const stops: string[] = [];
    const database = givenDatabase().open();
    const start_ = async () => ({ tasks: [{ taskArn: 'arn:t' }], failures: [] });
    const platform = givenPlatform(database, services({ start: start_, stop: async (arn) => void stops.push(arn) }));
    const arn = runAttempt(platform, 'stopped');
    await eventually(() => typesOf(platform, arn).includes('TaskSubmitted'));
    call(platform, 'StopExecution', { executionArn: arn });
    await eventually(() => stops.length === 1);
    expect([describeExecution(platform, arn).status, stops]).toEqual(['ABORTED', ['arn:t']]);
  });

  it('stops a task whose RunTask answers only afterwards', async () => {
    const stops: string[] = [];
    let answer = (_taskArn: string) => {};
    const started = new Promise<{ tasks: RunTask[]; failures: object[] }>((resolve) => {
      answer = (taskArn) => resolve({ tasks: [{ taskArn }], failures: [] });
    });
    const database = givenDatabase().open();
    const given = services({ start: () => started, stop: async (arn) => void stops.push(arn) });
    const platform = givenPlatform(database, given);
    const arn = runAttempt(platform, 'late');
    await eventually(() => typesOf(platform, arn).includes('TaskStarted'));
    call(platform, 'StopExecution', { executionArn: arn });
    answer('arn:late');
    await eventually(() => stops.length === 1);
    expect(stops).toEqual(['arn:late']);
  });
});

describe('with our ECS', () => {
  async function whenAttempted(script: string, slots: number) {
    const database = givenDatabase().open();
    const ecs = createEcs({ database, now: Date.now, launch: scriptDriver(), slots, onStateChange: () => {} });
    ended.push(() => ecs.close());
    ecs.createCluster(cluster);
    const { arn: taskDefinition } = ecs.registerTaskDefinition(contractTaskDefinition);
    const told: unknown[] = [];
    const invokeLambda = async (_arn: string, payload: unknown) => {
      told.push((payload as { seen: unknown }).seen);
      return { ok: {} };
    };
    const platform = givenPlatform(database, { invokeLambda, runTask: ecs.tasks }, createFastClock(5000));
    const environment = [{ Name: 'SCRIPT', Value: script }];
    const input = { ...jobAttemptInput('real'), taskDefinition, cpu: '256', memory: '512', environment };
    const arn = start(platform, jobAttemptDefinition(), input, 'real');
    await whenDone(platform, arn);
    const arns = told.flatMap((seen) => (seen as { taskArn?: string }).taskArn ?? []);
    return { told, types: typesOf(platform, arn), tasks: ecs.tasks.describe(arns).tasks };
  }
  it('a worker that exits with 0 succeeds', async () => {
    const { told, types, tasks } = await whenAttempted('0', 1);
    expect(tasks).toMatchObject([{ cpu: '256', memory: '512', overrides: { ephemeralStorage: { sizeInGiB: 150 } } }]);
    expect(told).toMatchObject([{ stopCode: 'EssentialContainerExited', exitCode: 0 }]);
    expect(types.slice(1, 7)).toEqual([
      ...['TaskStateEntered', 'TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded', 'TaskStateExited'],
    ]);
  });
  it('a worker that fails is not run again', async () => {
    const { told, types } = await whenAttempted('process.exitCode = 9', 1);
    expect(told).toMatchObject([{ error: 'States.TaskFailed' }]);
    expect(types.filter((type) => type === 'TaskSubmitted').length).toBe(1);
  });
  it('a launch without free slots is repeated, and then the failure goes to finalise', async () => {
    const { told, types } = await whenAttempted('0', 0);
    expect(told).toMatchObject([{ error: 'AmazonECS.Unknown' }]);
    expect(types.filter((type) => type === 'TaskSubmitFailed').length).toBe(12);
  });
});

describe('a thousand executions', () => {
  it('run side by side to their ends', async () => {
    const executionCount = 1000;
    const given = services(
      {
        start: async (input) => ({ tasks: [{ taskArn: String(input.clientToken) }], failures: [] }),
        wait: async (taskArn) => stopped(taskArn, 0),
      },
      async () => ({ ok: {} }),
    );
    const platform = givenPlatform(new DatabaseSync(':memory:'), given);
    const begun = performance.now();
    const arns = Array.from({ length: executionCount }, (_, index) => runAttempt(platform, `n${index}`));
    await eventually(
      () => platform.events.filter(({ detail }) => detail.status === 'SUCCEEDED').length === executionCount,
    );
    const perExecutionMs = (performance.now() - begun) / executionCount;
    expect(arns.map((arn) => describeExecution(platform, arn).status)).toEqual(Array(executionCount).fill('SUCCEEDED'));
    expect(perExecutionMs).toBeLessThan(20);
  });
});
