// Asynchronous invocations: accepted, repeated, given up on, across restarts.

import { backoffMs, createDelivery } from '../wire/delivery.ts';
import type { AsynchronousTable, QueuedEvent } from './asynchronous-table.ts';
import type { InvocationResult } from './sandbox.ts';

/** `AWS::Lambda::EventInvokeConfig` of a function. */
export type AsynchronousSettings = {
  readonly maxRetries?: number | undefined;
  readonly maxAgeMs?: number | undefined;
  /** Given the event that was given up on. */
  onFailure?(event: unknown, error: object): void | Promise<void>;
};

/** Whose events these are, and how one is run. */
export type EventQueueOptions = {
  readonly functionName: string;
  readonly settings: AsynchronousSettings;
  table: AsynchronousTable;
  now(): number;
  run(payload: string): Promise<InvocationResult>;
  onGivenUp(note: string): void;
};

export type EventQueue = {
  /** Durable when it returns. */
  accept(payload: string): void;
  /** Takes up what an earlier process left. */
  resume(): void;
  close(): Promise<void>;
};

/** What is under way when the queue is closed is run again by the next start. */
export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { functionName, table, now, run, onGivenUp } = options;
  const delivery = createDelivery<QueuedEvent, InvocationResult>({
    concurrency: maximumConcurrency,
    concludesLate: false,
    take: (limit, underWay) =>
      table
        .due(functionName, now(), limit + underWay.size)
        .filter(({ id }) => !underWay.has(id))
        .slice(0, limit),
    idleMs() {
      const nextAt = table.nextDueAfter(functionName, now());
      return nextAt === undefined ? undefined : Math.max(1, nextAt - now());
    },
    attempt: ({ payload }) => run(payload),
    conclude: (event, result) => ('error' in result ? fail(options, event, result.error) : table.remove(event.id)),
    onFault: (fault) => onGivenUp(`Events could not be read or written, which is tried again: ${fault}`),
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
  onGivenUp(`An event was given up on after ${attemptCount} attempts: ${error.errorMessage}`);
  await onFailure?.(JSON.parse(event.payload), error);
  table.remove(event.id);
}

/** invocation-async-error-handling.html: two retries, for at most six hours. */
const defaultRetries = 2;
const defaultAgeMs = 6 * 3_600_000;
/** On AWS one minute and then two; on one machine nothing is gained by such pauses. */
const backoff = { firstMs: 1_000, maximumMs: 2_000 };
/** Events of one function that run at once: the usual quota of an account. A log pump is one for as long as it lasts. */
const maximumConcurrency = 1_000;
