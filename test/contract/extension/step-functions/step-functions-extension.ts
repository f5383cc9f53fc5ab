// The operations of Step Functions that the product does not call. Suites make machines with them and observe the path
// of an execution.

import { loadMachine } from '../../../../emulation/cloud/step-functions/definition.ts';
import type { HistoryEvent } from '../../../../emulation/cloud/step-functions/execution.ts';
import { requiredText, seconds } from '../../../../emulation/cloud/step-functions/request-check.ts';
import {
  checkName,
  findExecution,
  maximumNameLength,
  type StatesCore,
} from '../../../../emulation/cloud/step-functions/states-api.ts';
import { arnOf } from '../../../../emulation/cloud/wire/account.ts';
import type { Operation } from '../../../../emulation/cloud/wire/control-server.ts';
import type { Input } from '../../../../emulation/cloud/wire/input.ts';

/** For `createStepFunctions({ operations })`. */
export function statesExtension(core: StatesCore): Record<string, Operation> {
  return {
    CreateStateMachine: (input) => createMachine(core, input),
    GetExecutionHistory: (input) => ({
      events: core.table.history(findExecution(core, input).arn).map(showEvent),
    }),
  };
}

function createMachine({ machines, clock }: StatesCore, input: Input): object {
  const name = checkName(requiredText(input, 'name', maximumNameLength));
  const definition = requiredText(input, 'definition', 1_048_576);
  const roleArn = requiredText(input, 'roleArn', 256);
  loadMachine(definition);
  const arn = arnOf('states', `stateMachine:${name}`);
  const { createdAt } = machines.put({ arn, name, roleArn, definition, type: 'STANDARD', createdAt: clock.now() });
  return { stateMachineArn: arn, creationDate: seconds(createdAt) };
}

function showEvent({ id, previousEventId, type, timestamp, detailsMember, details }: HistoryEvent): object {
  const shown = detailsMember ? { [detailsMember]: details } : {};
  return { timestamp: seconds(timestamp), type, id, previousEventId, ...shown };
}
