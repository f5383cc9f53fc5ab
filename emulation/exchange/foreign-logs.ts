// Creates the template's log groups at a CloudWatch Logs elsewhere, writes to them as a log driver does, and reads from
// them for the functions.

import { logResource } from '../cloud/logs/logs.ts';
import { createJsonClient } from './json-client.ts';
import { createLogWriter, type LogWriter, unlessThere } from './log-writer.ts';
import { demandOf, type Place } from './place.ts';
import type { LogStore } from './port.ts';
import { signedHeaders } from './request-signature.ts';

export type ForeignLogsOptions = {
  readonly place: Place;
  report(what: string, fault: unknown): void;
};

export function createForeignLogs({ place, report }: ForeignLogsOptions): LogStore {
  const client = createJsonClient({
    endpoint: place.endpoint,
    version: '1.1',
    headers: (url, headers, payloadHash) =>
      signedHeaders({ method: 'POST', url, target: url.pathname, headers, payloadHash }, place, 'logs'),
  });
  const call = (operation: string, input: object) => client.call(`Logs_20140328.${operation}`, input);
  const writers = new Map<string, LogWriter>();
  const writerOf = (group: string, stream: string) => {
    const key = JSON.stringify([group, stream]);
    const writer =
      writers.get(key) ?? createLogWriter({ group, stream, call, report, onIdle: () => writers.delete(key) });
    writers.set(key, writer);
    return writer;
  };
  return {
    api: {
      name: 'logs',
      targetPrefix: 'Logs_20140328',
      resources: (_operation, input) => [logResource(input)],
      // The functions use this one operation. Any other is answered with 501.
      operations: { GetLogEvents: (input) => call('GetLogEvents', input) },
    },
    createGroup: (logGroupName, { retentionDays }) =>
      demandOf(place, `The log group ${logGroupName} could not be created`, async () => {
        await call('CreateLogGroup', { logGroupName }).catch(unlessThere);
        if (retentionDays !== undefined) {
          await call('PutRetentionPolicy', { logGroupName, retentionInDays: retentionDays });
        }
      }),
    append: (group, stream, lines) => writerOf(group, stream).append(lines),
    async close() {
      const signal = AbortSignal.timeout(closeLimitMs);
      await Promise.all([...writers.values()].map((writer) => writer.drained(signal)));
      client.close();
    },
  };
}

/** The time that lines in memory have to be sent when the platform ends. */
const closeLimitMs = 5_000;
