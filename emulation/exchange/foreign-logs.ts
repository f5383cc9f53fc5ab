// The template's log groups at a CloudWatch Logs elsewhere: made there, written to as a log driver does, read from in the
// functions' names. It knows nothing of who logs.

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

/** What is still in memory at the end may take so long to be sent. */
const CLOSE_LIMIT_MS = 5_000;

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
      // The one operation that the functions use; all others are answered 501 by their name.
      operations: { GetLogEvents: (input) => call('GetLogEvents', input) },
    },
    createGroup: (logGroupName, { retentionDays }) =>
      demandOf(place, `The log group ${logGroupName} cannot be had`, async () => {
        await call('CreateLogGroup', { logGroupName }).catch(unlessThere);
        if (retentionDays !== undefined) {
          await call('PutRetentionPolicy', { logGroupName, retentionInDays: retentionDays });
        }
      }),
    append: (group, stream, lines) => writerOf(group, stream).append(lines),
    async close() {
      const signal = AbortSignal.timeout(CLOSE_LIMIT_MS);
      await Promise.all([...writers.values()].map((writer) => writer.drained(signal)));
      client.close();
    },
  };
}
