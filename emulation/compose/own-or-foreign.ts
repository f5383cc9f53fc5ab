// Chooses between our own service and the one that the user named, for each service that may be exchanged. The choice
// for the tables is in database.ts.

import type { DatabaseSync } from 'node:sqlite';
import type { DataFolder } from '../../machine/data-folder.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { Authority } from '../authority/authority.ts';
import type { NewEvent } from '../cloud/event-bridge/bus-event.ts';
import { createLogs } from '../cloud/logs/logs.ts';
import { createS3 } from '../cloud/s3/s3.ts';
import { createSqs } from '../cloud/sqs/sqs.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import type { Exchanges } from '../exchange/exchange.ts';
import { createForeignLogs } from '../exchange/foreign-logs.ts';
import { createForeignObjects } from '../exchange/foreign-objects.ts';
import { createForeignQueues } from '../exchange/foreign-queues.ts';
import type { LogStore, ObjectStore, Queues } from '../exchange/port.ts';
import type { ResourceSet } from '../template/resource-set.ts';

export type OpeningOptions = {
  readonly folder: DataFolder;
  readonly database: DatabaseSync;
  readonly exchanges: Exchanges;
  readonly authority: Authority;
  report(what: string, fault: unknown): void;
  count(what: string): void;
};

/** @param publish called with the events of our own buckets. */
export function openObjects(options: OpeningOptions, publish: (event: NewEvent) => void): ObjectStore {
  const { folder, database, exchanges, authority, report, count } = options;
  const front = {
    credentials: authority.credentials,
    authorise: ({ accessKeyId }: { accessKeyId: string }, action: string, resources: readonly string[]) =>
      authorise(authority, accessKeyId, action, resources),
    onCall: ({ operation }: { operation: string }) => count(`s3:${operation}`),
    onFault: (fault: unknown, what: string) => report(what, fault),
  };
  if (exchanges.s3) return createForeignObjects({ ...front, place: exchanges.s3 });
  const onEvent = (event: object) => publish(event as NewEvent);
  return createS3({ ...front, folder: folder.file('objects'), database, onEvent });
}

export function openQueues({ database, exchanges, report }: OpeningOptions): Queues {
  return exchanges.sqs ? createForeignQueues({ place: exchanges.sqs, report }) : createSqs({ database, now: Date.now });
}

export function openLogs({ database, exchanges, report }: OpeningOptions): LogStore {
  return exchanges.logs
    ? createForeignLogs({ place: exchanges.logs, report })
    : createLogs({ database, now: Date.now, onFault: (fault) => report('logs', fault) });
}

/** @throws StartRefusal where the template needs something of an exchanged service that only our own can do. */
export function checkExchanges({ s3 }: Exchanges, resources: ResourceSet): void {
  if (!s3) return;
  for (const { name, properties } of resources.ofType('AWS::Events::Rule')) {
    const { source } = (properties.EventPattern ?? {}) as { source?: unknown };
    if (Array.isArray(source) && !source.includes('aws.s3')) continue;
    if (properties.EventPattern === undefined) continue;
    const reason = `the rule ${name} needs the events of buckets, which an S3 elsewhere does not send to this machine`;
    throw new StartRefusal(`${s3.variable} cannot be honoured, because ${reason}: unset it.`);
  }
}

/** S3 uses another error code for a refusal than the JSON services. */
function authorise(authority: Authority, accessKeyId: string, action: string, resources: readonly string[]): void {
  try {
    authority.authorise({ accessKeyId }, action, resources);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new AwsError('AccessDenied', error.message, 403);
  }
}
