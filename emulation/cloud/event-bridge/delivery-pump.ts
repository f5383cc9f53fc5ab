// Delivers the waiting events of one target: several at a time, with retries, up to the target's limits.

import { backoffMs, type Delivery as Carrying, createDelivery } from '../wire/delivery.ts';
import type { Address, DeadDelivery, Delivery, DeliveryTable } from './delivery-table.ts';

/** A target of a rule. `deliver` resolves when the target has taken the event. It may be called twice for one event. */
export type Target = {
  readonly id: string;
  deliver(event: unknown): Promise<void>;
  /** Constant JSON text that is delivered instead of the event (Input of AWS::Events::Rule). */
  readonly input?: string;
  /** How often a failed delivery is repeated (RetryPolicy). AWS's default is 185. */
  readonly maximumRetryAttempts?: number;
  /** A failed delivery older than this is not repeated. AWS's default is 24 hours. */
  readonly maximumEventAgeSeconds?: number;
};

export type PumpOptions = {
  readonly table: DeliveryTable;
  now(): number;
  readonly address: Address;
  readonly target: Target;
  onDead(delivery: DeadDelivery, cause: unknown): void;
  /** Called when the table cannot be read or written. */
  onFault(fault: unknown): void;
};

/** Undefined if the target took the event. */
type Failure = { readonly cause: unknown } | undefined;

/**
 * Starts the deliveries. A delivery leaves the table when `deliver` has resolved, and is buried when its retries or its
 * age are used up. Each event is tried at least once, however old it is. Closing abandons the deliveries that are under
 * way: they stay in the table and are repeated later.
 */
export function startDeliveryPump(options: PumpOptions): Carrying {
  const { table, now, address, target, onFault } = options;
  // The same reading for both questions: a row that becomes due between two readings would be in neither answer.
  let lookedAt = 0;
  const carrying = createDelivery<Delivery, Failure>({
    concurrency: maximumConcurrent,
    concludesLate: false,
    take(limit, underWay) {
      lookedAt = now();
      const due = table.due(address, lookedAt, limit + underWay.size);
      return due.filter(({ id }) => !underWay.has(id)).slice(0, limit);
    },
    idleMs() {
      const nextAt = table.nextDueAfter(address, lookedAt);
      return nextAt === undefined ? undefined : Math.max(1, nextAt - now());
    },
    attempt: (delivery) => deliver(target, delivery),
    conclude(delivery, failure) {
      if (failure) recordFailure(options, { ...delivery, attemptCount: delivery.attemptCount + 1 }, failure.cause);
      else table.done(delivery);
    },
    onFault,
  });
  carrying.wake();
  return carrying;
}

/** Repeats the delivery later, or buries it if a limit of its target is used up. */
function recordFailure({ table, now, target, onDead }: PumpOptions, delivery: Delivery, cause: unknown): void {
  const spent = spentLimit(target, delivery, now());
  if (!spent) {
    table.retry(delivery, now() + pauseMs(delivery.attemptCount));
    return;
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  const reason = `${spent} exhausted after ${delivery.attemptCount} attempts: ${why}`;
  onDead(table.bury(delivery, now(), reason), cause);
}

/** The limit of the target that a failed delivery has used up. */
function spentLimit(target: Target, delivery: Delivery, now: number): string | undefined {
  const ageSeconds = (now - delivery.createdAt) / 1000;
  if (ageSeconds >= (target.maximumEventAgeSeconds ?? defaultEventAgeSeconds)) return 'MaximumEventAge';
  const retries = delivery.attemptCount - 1;
  return retries >= (target.maximumRetryAttempts ?? defaultRetryAttempts) ? 'MaximumRetryAttempts' : undefined;
}

async function deliver(target: Target, delivery: Delivery): Promise<Failure> {
  try {
    await target.deliver(JSON.parse(target.input ?? delivery.event) as unknown);
    return undefined;
  } catch (cause) {
    return { cause };
  }
}

/** Half of the pause is random, so that deliveries that failed together are not repeated together. */
function pauseMs(attemptCount: number): number {
  const ms = backoffMs(attemptCount, backoff);
  return Math.round(ms / 2 + (Math.random() * ms) / 2);
}

const defaultRetryAttempts = 185;
const defaultEventAgeSeconds = 86_400;
/** Deliveries to one target that are under way at once. */
const maximumConcurrent = 16;
const backoff = { firstMs: 200, maximumMs: 60_000 };
