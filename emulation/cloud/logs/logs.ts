// Amazon CloudWatch Logs for the embedded cloud: lines are appended in process and read through the API.

import type { DatabaseSync } from 'node:sqlite';
import { given } from '../../../core/given.ts';
import { arnOf } from '../wire/account.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringMember } from '../wire/input.ts';
import { pieceRows, startUpkeep } from '../wire/upkeep.ts';
import { getLogEvents } from './get-log-events.ts';
import { createLogCore, type LogCore } from './log-core.ts';
import { type LogLine, openLogTable } from './log-table.ts';

export type LogsOptions = {
  readonly database: DatabaseSync;
  /** Milliseconds since 1970. */
  now(): number;
  /** Called when buffered lines cannot be written. By default this writes a line to stderr. */
  onFault?(fault: unknown): void;
  /** Further operations of the API, for test suites. */
  operations?(core: LogCore): Readonly<Record<string, Operation>>;
};

export type Logs = {
  readonly api: JsonService;
  /**
   * Creates the group if it is absent, sets its retention, and deletes events that are older than the new retention.
   */
  createGroup(name: string, options?: { retentionDays?: number }): { arn: string };
  /**
   * Appends lines as a container's log driver does. It creates the group and the stream if they are absent, drops empty
   * lines, and splits lines above 1 MiB. Lines are durable within 50 ms. Every read that starts afterwards sees them.
   */
  append(group: string, stream: string, lines: readonly LogLine[]): void;
  /** Writes the lines that append() has buffered. Durable when it returns. */
  flush(): void;
  /** Flushes. Call it before the database is closed. */
  close(): Promise<void>;
};

/**
 * Follows the CloudWatch Logs API reference. Retention is applied daily, and when a group is created, which happens at
 * every start.
 */
export function createLogs({ database, now, onFault = reportFault, operations }: LogsOptions): Logs {
  const table = openLogTable(database);
  const core = createLogCore(table, now, onFault);
  const upkeep = startUpkeep('log lines', () =>
    table
      .groups()
      .some(
        ({ name, retentionDays }) =>
          retentionDays !== undefined && table.expire(name, now() - retentionDays * dayMs, pieceRows),
      ),
  );
  return {
    api: createLogsApi(core, operations?.(core) ?? {}),
    createGroup(name, { retentionDays } = {}) {
      const createdAt = table.group(name)?.createdAt ?? now();
      table.putGroup({ name, createdAt, ...given({ retentionDays }) });
      upkeep.run();
      return { arn: arnOf('logs', `log-group:${name}:*`) };
    },
    append: core.append,
    flush: core.flush,
    async close() {
      upkeep.close();
      core.flush();
    },
  };
}

function createLogsApi(core: LogCore, further: Readonly<Record<string, Operation>>): JsonService {
  return {
    name: 'logs',
    targetPrefix: 'Logs_20140328',
    resources: (_operation, input) => [logResource(input)],
    // The product's operation comes last, so that a suite cannot replace it.
    operations: { ...further, GetLogEvents: (input) => getLogEvents(core, input) },
  };
}

/** The ARN that IAM checks: the stream if the call names one, else the group. */
export function logResource(input: Input): string {
  const group = stringMember(input, 'logGroupName') ?? stringMember(input, 'logGroupIdentifier') ?? '*';
  const stream = stringMember(input, 'logStreamName');
  const name = group.startsWith('arn:') ? group.replace(/:\*$/, '') : arnOf('logs', `log-group:${group}`);
  return stream === undefined ? `${name}:*` : `${name}:log-stream:${stream}`;
}

function reportFault(fault: unknown): void {
  console.error('Log lines could not be written yet:', fault);
}

const dayMs = 24 * 3_600_000;
