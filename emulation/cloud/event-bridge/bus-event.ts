// The envelope of an event on the bus, and its defaults.

import { randomUUID } from 'node:crypto';
import { localAccountId, localRegion } from '../wire/account.ts';

/** An event as targets receive it (eb-events-structure.html). */
export type BusEvent = {
  readonly version: string;
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, to the second. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
};

/** The members that a publisher must give. The others have defaults. */
export type NewEvent = Pick<BusEvent, 'detail-type' | 'source' | 'detail'> & Partial<BusEvent>;

/** The whole event, with default id, time, account and region where the publisher gave none. */
export function completeEvent(event: NewEvent, now: number): BusEvent {
  return {
    version: '0',
    id: event.id ?? randomUUID(),
    'detail-type': event['detail-type'],
    source: event.source,
    account: event.account ?? localAccountId,
    time: event.time ?? formatTime(now),
    region: event.region ?? localRegion,
    resources: event.resources ?? [],
    detail: event.detail,
  };
}

/** `2026-11-21T04:00:00Z`. */
function formatTime(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;
}
