// The Step Functions API operations that the product calls.

import { randomUUID } from 'node:crypto';
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringMember } from '../wire/input.ts';
import type { Clock } from './error-rule.ts';
import type { Execution } from './execution.ts';
import type { Driver } from './execution-driver.ts';
import type { ExecutionTable } from './execution-table.ts';
import { begin } from './interpreter.ts';
import { type Json, maximumPayloadBytes } from './json.ts';
import type { Machine } from './machine.ts';
import type { MachineTable, StoredMachine } from './machine-table.ts';
import { requiredText, seconds, validationError } from './request-check.ts';

export type StatesCore = {
  readonly table: ExecutionTable;
  readonly machines: MachineTable;
  readonly driver: Driver;
  readonly clock: Clock;
  machineOf(definitionId: string): Machine;
};

export const maximumNameLength = 80;

export function createStatesApi(core: StatesCore, further: Readonly<Record<string, Operation>> = {}): JsonService {
  return {
    name: 'states',
    targetPrefix: 'AWSStepFunctions',
    resources: (_operation, input) => [
      stringMember(input, 'stateMachineArn') ??
        stringMember(input, 'executionArn') ??
        arnOf('states', `stateMachine:${stringMember(input, 'name') ?? '*'}`),
    ],
    // The product's operations come last, so that a suite cannot replace them.
    operations: {
      ...further,
      StartExecution: (input) => startExecution(core, input),
      DescribeExecution: (input) => describeExecution(findExecution(core, input)),
      StopExecution: (input) => stopExecution(core, input),
    },
  };
}

/**
 * Starts an execution. A call with the name and the input of a running execution returns that execution. Otherwise a
 * name cannot be used again.
 */
function startExecution(core: StatesCore, input: Input): object {
  const machine = findMachine(core, input);
  const name = checkName(stringMember(input, 'name') ?? randomUUID());
  const given = parseInput(stringMember(input, 'input') ?? '{}');
  const arn = arnOf('states', `execution:${machine.name}:${name}`);
  const existing = core.table.get(arn);
  if (existing) {
    const same = existing.status === 'RUNNING' && JSON.stringify(existing.input) === JSON.stringify(given);
    if (!same) throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    return { executionArn: arn, startDate: seconds(existing.startedAt) };
  }
  const startedAt = core.clock.now();
  const definition = core.machineOf(machine.definitionId);
  const { timeoutSeconds } = definition;
  const execution: Omit<Execution, 'position'> = {
    ...{ arn, name, machineArn: machine.arn, roleArn: machine.roleArn, definitionId: machine.definitionId },
    ...{ input: given, startedAt, status: 'RUNNING', lastEventId: 0 },
    timeoutAt: timeoutSeconds === undefined ? undefined : startedAt + timeoutSeconds * 1000,
  };
  core.driver.start(begin(definition, execution, core.clock));
  return { executionArn: arn, startDate: seconds(startedAt) };
}

function describeExecution(execution: Execution): object {
  const { arn, machineArn, name, status, startedAt, stoppedAt, input, output, error, cause } = execution;
  const redrivable = status !== 'RUNNING' && status !== 'SUCCEEDED';
  return {
    executionArn: arn,
    stateMachineArn: machineArn,
    name,
    status,
    startDate: seconds(startedAt),
    stopDate: stoppedAt === undefined ? undefined : seconds(stoppedAt),
    input: JSON.stringify(input),
    inputDetails: { included: true },
    output: output === undefined ? undefined : JSON.stringify(output),
    outputDetails: output === undefined ? undefined : { included: true },
    error,
    cause,
    redriveCount: 0,
    redriveStatus: redrivable ? 'REDRIVABLE' : 'NOT_REDRIVABLE',
    ...(redrivable ? {} : { redriveStatusReason: `Execution is ${status} and cannot be redriven` }),
  };
}

/** Stops an execution. For one that has ended, it changes nothing and returns the time of its end. */
function stopExecution(core: StatesCore, input: Input): object {
  const { arn } = findExecution(core, input);
  const told = { error: stringMember(input, 'error'), cause: stringMember(input, 'cause') };
  if ((told.error?.length ?? 0) > maximumErrorLength) throw validationError('error', 'length', maximumErrorLength);
  if ((told.cause?.length ?? 0) > maximumCauseLength) throw validationError('cause', 'length', maximumCauseLength);
  core.driver.abort(arn, told);
  return { stopDate: seconds(core.table.get(arn)?.stoppedAt ?? core.clock.now()) };
}

function findMachine({ machines }: StatesCore, input: Input): StoredMachine {
  const arn = arnIn(input, 'stateMachineArn');
  const machine = machines.get(arn);
  if (!machine) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return machine;
}

/** The execution that `executionArn` names. Throws ExecutionDoesNotExist, or InvalidArn if it is not an ARN. */
export function findExecution({ table }: StatesCore, input: Input): Execution {
  const arn = arnIn(input, 'executionArn');
  const execution = table.get(arn);
  if (!execution) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  return execution;
}

function arnIn(input: Input, member: 'stateMachineArn' | 'executionArn'): string {
  const arn = requiredText(input, member, 256);
  if (!arn.startsWith('arn:')) throw new AwsError('InvalidArn', `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
  return arn;
}

/** Returns the name. Throws InvalidName if it is empty, too long, or has characters that are not allowed. */
export function checkName(name: string): string {
  const wellFormed = name.length > 0 && name.length <= maximumNameLength && !forbiddenInNames.test(name);
  if (!wellFormed) throw new AwsError('InvalidName', `Invalid Name: '${name}'`);
  return name;
}

function parseInput(text: string): Json {
  if (Buffer.byteLength(text) > maximumPayloadBytes) throw validationError('input', 'length', maximumPayloadBytes);
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    const problem = (cause as Error).message;
    throw new AwsError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${problem}'`);
  }
}

const maximumErrorLength = 256;
const maximumCauseLength = 32_768;
/** Characters that are not allowed in names (API_StartExecution.html). */
const forbiddenInNames = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;
