// Tests that old tasks and executions are removed while the platform runs, by a clock of the test.

import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEcs } from '../../../emulation/cloud/ecs/ecs.ts';
import { createStepFunctions } from '../../../emulation/cloud/step-functions/step-functions.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';
import { startUpkeep } from '../../../emulation/cloud/wire/upkeep.ts';
import { contractTaskDefinition } from '../../contract/engine/ecs.ts';
import { eventually, givenTemporaryFolder } from '../../machine/temporary-folder.ts';

const dayMs = 24 * 3_600_000;
const folder = givenTemporaryFolder();
let database: DatabaseSync;
let at = Date.now();
const now = () => at;
const rowsOf = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
const nextDay = () => vi.advanceTimersByTime(dayMs);

beforeEach((context) => {
  database = openDatabase(join(folder, `${context.task.id}.sqlite`));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
  database.close();
});

it('a task is removed a day after it stopped', async () => {
  const launch = {
    start: async () => ({ exited: Promise.resolve({ exitCode: 0 }), stop: () => undefined, handle: '' }),
    endLeftovers: async () => undefined,
    close: async () => undefined,
  };
  const ecs = createEcs({ database, now, launch, slots: 9, onStateChange: () => undefined });
  ecs.createCluster('c');
  ecs.registerTaskDefinition(contractTaskDefinition);
  await ecs.resume();
  const input = {
    cluster: 'c',
    taskDefinition: 'worker',
    networkConfiguration: { awsvpcConfiguration: { subnets: ['s'] } },
  };
  const [task] = (await ecs.tasks.start(input)).tasks;
  await ecs.tasks.wait(String(task?.taskArn));
  nextDay();
  expect(rowsOf('ecs_task')).toBe(1);
  at += dayMs + 1;
  nextDay();
  expect(rowsOf('ecs_task')).toBe(0);
  await ecs.close();
});

it('an execution is removed with its history 90 days after its end, and never while it is open', async () => {
  const never = () => new Promise<never>(() => undefined);
  const runTask = { start: never, wait: never, stop: never, describe: () => ({ tasks: [], failures: [] }) };
  const states = createStepFunctions({
    database,
    now,
    invokeLambda: never,
    runTask,
    onStatus: () => undefined,
  } as never);
  const machine = (name: string, state: object) =>
    states.createStateMachine({
      name,
      roleArn: 'arn:aws:iam::000000000000:role/r',
      definition: { QueryLanguage: 'JSONata', StartAt: 'Only', States: { Only: state } },
    });
  const [short, long] = [
    machine('short', { Type: 'Succeed' }),
    machine('long', { Type: 'Wait', Seconds: 1e6, End: true }),
  ];
  for (const { arn: stateMachineArn } of [short, long]) {
    await states.api.operations.StartExecution?.({ stateMachineArn, name: 'e', input: '{}' }, { accessKeyId: 'k' });
  }
  const open = () => database.prepare("SELECT count(*) AS n FROM sfn_execution WHERE status = 'RUNNING'").get()?.n;
  await eventually('the short one to end', () => open() === 1);
  const events = rowsOf('sfn_history');
  at += 89 * dayMs;
  nextDay();
  expect([rowsOf('sfn_execution'), rowsOf('sfn_history')]).toEqual([2, events]);
  at += 2 * dayMs;
  nextDay();
  expect([rowsOf('sfn_execution'), open()]).toEqual([1, 1]);
  expect(rowsOf('sfn_history')).toBeLessThan(events);
  await states.close();
});

describe('upkeep', () => {
  it('pauses between pieces, and repeats a failed piece the next day', () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const pieces = [true, true, new Error('the disk is full'), false];
    const upkeep = startUpkeep('rows', () => {
      const piece = pieces.shift() ?? false;
      if (piece instanceof Error) throw piece;
      return piece;
    });
    upkeep.run();
    expect(pieces).toHaveLength(3);
    vi.advanceTimersByTime(1_000);
    expect(pieces).toHaveLength(1);
    expect(told).toHaveBeenCalledOnce();
    nextDay();
    expect(pieces).toHaveLength(0);
    upkeep.close();
    expect(vi.getTimerCount()).toBe(0);
    told.mockRestore();
  });
});
