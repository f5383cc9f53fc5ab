// GetExecutionHistory and ListExecutions: pages of what is stored. It knows nothing of how executions run.
import { AwsError } from '../wire/aws-error.ts';
import { booleanMember, type Input, stringMember } from '../wire/input.ts';
import type { ExecutionStatus, HistoryEvent } from './execution.ts';
import type { ExecutionTable } from './execution-table.ts';
import { pageSize, pageStart, seconds } from './request-check.ts';

const STATUSES: readonly string[] = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED', 'PENDING_REDRIVE'];

/** Events in order, or newest first with `reverseOrder`. */
export function showHistory(table: ExecutionTable, arn: string, input: Input): object {
  const reverse = booleanMember(input, 'reverseOrder') ?? false;
  const limit = pageSize(input);
  const from = pageStart(input) ?? (reverse ? Number.MAX_SAFE_INTEGER : 0);
  const withData = booleanMember(input, 'includeExecutionData') ?? true;
  const found = table.history(arn, reverse, from, limit + 1);
  const page = found.slice(0, limit);
  const events = page.map((event) => showEvent(event, withData));
  return found.length > limit ? { events, nextToken: String(page.at(-1)?.id) } : { events };
}

/** Members that hold data of the execution, which includeExecutionData=false leaves out. */
const DATA_MEMBERS = ['input', 'output', 'parameters', 'assignedVariables', 'cause', 'error'];

function showEvent({ id, previousEventId, type, timestamp, detailsMember, details }: HistoryEvent, withData: boolean) {
  const shown = Object.entries(details ?? {}).filter(([name]) => withData || !DATA_MEMBERS.includes(name));
  return {
    timestamp: seconds(timestamp),
    type,
    id,
    previousEventId,
    ...(detailsMember ? { [detailsMember]: Object.fromEntries(shown) } : {}),
  };
}

/** Newest first, of one status where `statusFilter` names one. */
export function listExecutions(table: ExecutionTable, machineArn: string, input: Input): object {
  const status = stringMember(input, 'statusFilter');
  if (status !== undefined && !STATUSES.includes(status)) {
    const told = `Value '${status}' at 'statusFilter' failed to satisfy constraint: Member must satisfy enum value set`;
    throw new AwsError('ValidationException', `1 validation error detected: ${told}: [${STATUSES.join(', ')}]`);
  }
  const limit = pageSize(input);
  const before = pageStart(input) ?? Number.MAX_SAFE_INTEGER;
  const found = table.list(machineArn, status as ExecutionStatus | undefined, before, limit + 1);
  const page = found.slice(0, limit);
  const executions = page.map(({ execution: { arn, name, status: state, startedAt, stoppedAt } }) => ({
    executionArn: arn,
    stateMachineArn: machineArn,
    name,
    status: state,
    startDate: seconds(startedAt),
    ...(stoppedAt === undefined ? {} : { stopDate: seconds(stoppedAt) }),
    redriveCount: 0,
  }));
  return found.length > limit ? { executions, nextToken: String(page.at(-1)?.rowId) } : { executions };
}
