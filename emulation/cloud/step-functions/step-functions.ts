// AWS Step Functions for the embedded cloud: in-process methods and the API.

import type { DatabaseSync } from 'node:sqlite';
import { arnOf } from '../wire/account.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { openOutbox } from '../wire/outbox.ts';
import { inLazyTransaction } from '../wire/transaction.ts';
import { startUpkeep } from '../wire/upkeep.ts';
import { type StartTimer, startRealTimer } from './alarm.ts';
import { loadMachine } from './definition.ts';
import { createDriver } from './execution-driver.ts';
import { openExecutionTable } from './execution-table.ts';
import type { Machine } from './machine.ts';
import { definitionIdOf, openMachineTable } from './machine-table.ts';
import { createStatesApi, type StatesCore } from './states-api.ts';
import type { Services } from './task-call.ts';

export type StepFunctionsOptions = Services & {
  readonly database: DatabaseSync;
  /** Milliseconds since 1970. */
  now(): number;
  /** Receives "Step Functions Execution Status Change" events in order, at least once, also after a crash. */
  onStatus(event: object): Promise<void> | void;
  /** Called for each state that is entered, for counting. */
  onTransition?(): void;
  /** Numbers from 0 up to, but not including, 1 for the jitter of retries. The default is Math.random. */
  random?(): number;
  /** Starts the timers of waits. The default is setTimeout. Tests may make time run faster. */
  readonly startTimer?: StartTimer;
  /** Further operations of the API, for test suites. */
  operations?(core: StatesCore): Readonly<Record<string, Operation>>;
};

export type StepFunctions = {
  readonly api: JsonService;
  /**
   * Creates the machine, or gives an existing one this definition (JSON text or its value). Running executions keep
   * their definition. Throws AwsError InvalidDefinition with every problem, or InvalidName.
   */
  createStateMachine(machine: { name: string; roleArn: string; definition: string | object; type?: string }): {
    arn: string;
  };
  /** The names of the executions that have not ended. */
  openExecutions(): string[];
  /** Continues every open execution and delivers waiting events. Call it once, after ECS has resumed. */
  resume(): void;
  /** Ends timers and waits. Open executions stay as they are stored. */
  close(): Promise<void>;
};

/**
 * Runs JSONata state machines as AWS documents them (definition.ts says which part of the language). Every transition
 * is one transaction. After SIGKILL, `resume` continues from the last one. It finds a task in flight by its ARN, or by
 * its client token if RunTask's answer was not stored. It invokes a function in flight again.
 */
export function createStepFunctions(options: StepFunctionsOptions): StepFunctions {
  const { database, now, onStatus, random = Math.random, startTimer = startRealTimer } = options;
  const table = openExecutionTable(database);
  const machines = openMachineTable(database);
  const outbox = openOutbox(database, 'sfn_outbox', onStatus);
  const compiled = new Map<string, Machine>();
  const compile = (definitionId: string, definition: () => string): Machine => {
    const known = compiled.get(definitionId) ?? loadMachine(definition());
    compiled.set(definitionId, known);
    return known;
  };
  const upkeep = startUpkeep('executions', () =>
    inLazyTransaction(database, () => table.purge(now() - retentionMs, pieceExecutions) === pieceExecutions),
  );
  const machineOf = (definitionId: string) => compile(definitionId, () => machines.definition(definitionId));
  const clock = { now, random };
  const driver = createDriver({
    database,
    table,
    outbox,
    services: options,
    clock,
    startTimer,
    machineOf,
    onTransition: options.onTransition,
  });
  const core = { table, machines, driver, clock, machineOf };
  return {
    api: createStatesApi(core, options.operations?.(core)),
    createStateMachine({ name, roleArn, definition, type = 'STANDARD' }) {
      const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
      compile(definitionIdOf(text), () => text);
      const arn = arnOf('states', `stateMachine:${name}`);
      machines.put({ arn, name, roleArn, definition: text, type, createdAt: now() });
      return { arn };
    },
    openExecutions: () => table.open().map(({ name }) => name),
    resume() {
      upkeep.run();
      for (const execution of table.open()) driver.resume(execution);
      outbox.flush();
    },
    async close() {
      upkeep.close();
      await driver.close();
      await outbox.close();
    },
  };
}

/** How long an ended execution can be described (service-quotas.html). */
const retentionMs = 90 * 24 * 3_600_000;
/** Executions that are removed at a time. Each has tens of events. */
const pieceExecutions = 50;
