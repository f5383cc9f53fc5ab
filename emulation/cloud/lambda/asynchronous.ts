// The queue of a function's asynchronous invocations: it accepts events, retries them and abandons them, also across
// restarts.

import { backoffMs, createDelivery } from '../wire/delivery.ts';
import type { AsynchronousTable, QueuedEvent } from './asynchronous-table.ts';
import type { InvocationResult } from './sandbox.ts';

/** `AWS::Lambda::EventInvokeConfig` of a function. */
export type AsynchronousSettings = {
  readonly maxRetries?: number | undefined;
  readonly maxAgeMs?: number | undefined;
  /** Receives the event that was abandoned. */
  onFailure?(event: unknown, error: object): void | Promise<void>;
};

/** The queue's function, and how an event is run. */
export type EventQueueOptions = {
  readonly functionName: string;
  readonly settings: AsynchronousSettings;
  readonly table: AsynchronousTable;
  now(): number;
  run(payload: string): Promise<InvocationResult>;
  onGivenUp(note: string): void;
};

export type EventQueue = {
  /** Durable when it returns. */
  accept(payload: string): void;
  /** Continues with the events that an earlier process left. */
  resume(): void;
  close(): Promise<void>;
};

/** An invocation that is under way when the queue is closed is repeated after the next start. */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { functionName, table, now, run, onGivenUp } = options;
  // The same reading for both questions: a row that becomes due between two readings would be in neither answer.
  let lookedAt = 0;
  const delivery = createDelivery<QueuedEvent, InvocationResult>({
    concurrency: maximumConcurrency,
    concludesLate: false,
    take(limit, underWay) {
      lookedAt = now();
      const due = table.due(functionName, lookedAt, limit + underWay.size);
      return due.filter(({ id }) => !underWay.has(id)).slice(0, limit);
    },
    idleMs() {
      const nextAt = table.nextDueAfter(functionName, lookedAt);
      return nextAt === undefined ? undefined : Math.max(1, nextAt - now());
    },
    attempt: ({ payload }) => run(payload),
    conclude: (event, result) => ('error' in result ? fail(options, event, result.error) : table.remove(event.id)),
    onFault: (fault) => onGivenUp(`Events could not be read or written and will be tried again: ${fault}`),
  });
  return {
    accept(payload) {
      table.add(functionName, payload, now());
      delivery.wake();
    },
    resume: delivery.wake,
    close: delivery.close,
  };
}

async function fail(
  { settings, table, now, onGivenUp }: EventQueueOptions,
  event: QueuedEvent,
  error: { errorMessage: string },
): Promise<void> {
  const { maxRetries = defaultRetries, maxAgeMs = defaultAgeMs, onFailure } = settings;
  const attemptCount = event.attemptCount + 1;
  const dueAt = now() + backoffMs(attemptCount, backoff);
  if (attemptCount <= maxRetries && dueAt <= event.acceptedAt + maxAgeMs) {
    table.postpone(event.id, attemptCount, dueAt);
    return;
  }
  onGivenUp(`An event was abandoned after ${attemptCount} attempts: ${error.errorMessage}`);
  await onFailure?.(JSON.parse(event.payload), error);
  table.remove(event.id);
}

/** AWS retries twice, for at most six hours (invocation-async-error-handling.html). */
const defaultRetries = 2;
const defaultAgeMs = 6 * 3_600_000;
/** AWS waits one minute and then two. On one machine such long pauses have no benefit. */
const backoff = { firstMs: 1_000, maximumMs: 2_000 };
/**
 * Events of one function that run at once. The number is the usual quota of an account. A log pump counts as one for
 * its whole life.
 */
const maximumConcurrency = 1_000;
