// Carries what waits for one target to it: some at a time, again after failures, up to the target's limits.
// It knows nothing of rules, patterns or what a target is.
import type { Address, DeadDelivery, Delivery, DeliveryTable } from './delivery-table.ts';

/** A target of a rule. `deliver` resolves when the target has taken the event; it may be called twice for one event. */
export type Target = {
  id: string;
  deliver(event: unknown): Promise<void>;
  /** Constant JSON text that is delivered instead of the event (Input of AWS::Events::Rule). */
  input?: string;
  /** How often a failed delivery is repeated (RetryPolicy); AWS's default is 185. */
  maximumRetryAttempts?: number;
  /** After this age a failed delivery is not repeated; AWS's default is 24 hours. */
  maximumEventAgeSeconds?: number;
};

export type PumpOptions = {
  table: DeliveryTable;
  now(): number;
  address: Address;
  target: Target;
  onDead(delivery: DeadDelivery, cause: unknown): void;
  /** Told when the table could not be read or written. */
  onFault(fault: unknown): void;
};

export type DeliveryPump = { wake(): void; close(): void };

const DEFAULT_RETRY_ATTEMPTS = 185;
const DEFAULT_EVENT_AGE_SECONDS = 86_400;
/** Deliveries to one target that are under way at once. */
const MAX_CONCURRENT = 16;
const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 60_000;
const FAULT_PAUSE_MS = 1_000;

/**
 * Starts carrying. A delivery leaves the table when `deliver` has resolved, or is buried when its retries or its age are
 * used up; an event is tried at least once however old it is. Closing abandons what is under way: it stays in the table
 * and is delivered again.
 */
export function startDeliveryPump(options: PumpOptions): DeliveryPump {
  const { table, now, address, target, onFault } = options;
  const underWay = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function attempt(delivery: Delivery): Promise<void> {
    underWay.add(delivery.id);
    const failure = await deliver(target, delivery);
    underWay.delete(delivery.id);
    if (closed) return;
    guard(() => {
      if (failure) recordFailure(options, { ...delivery, attemptCount: delivery.attemptCount + 1 }, failure.cause);
      else table.done(delivery);
      carry();
    });
  }

  /** The table may fail (a full disk): what could not be written down stays as it was and comes again after a pause. */
  function guard(work: () => void): void {
    try {
      work();
    } catch (fault) {
      onFault(fault);
      sleep(FAULT_PAUSE_MS);
    }
  }

  function carry(): void {
    const free = MAX_CONCURRENT - underWay.size;
    if (free <= 0) return;
    const at = now();
    const due = table.due(address, at, MAX_CONCURRENT * 2).filter(({ id }) => !underWay.has(id));
    for (const delivery of due.slice(0, free)) void attempt(delivery);
    const nextAt = table.nextDueAfter(address, at);
    if (nextAt !== undefined) sleep(Math.min(nextAt - at, MAX_RETRY_MS));
  }

  function sleep(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => guard(carry), ms).unref();
  }

  const pump = {
    wake() {
      if (!closed && underWay.size < MAX_CONCURRENT) sleep(0);
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
  pump.wake();
  return pump;
}

/** Repeats the delivery later, or buries it where a limit of its target is used up. */
function recordFailure({ table, now, target, onDead }: PumpOptions, delivery: Delivery, cause: unknown): void {
  const spent = spentLimit(target, delivery, now());
  if (!spent) {
    table.retry(delivery, now() + backoffMs(delivery.attemptCount));
    return;
  }
  const why = cause instanceof Error ? cause.message : String(cause);
  const reason = `${spent} exhausted after ${delivery.attemptCount} attempts: ${why}`;
  onDead(table.bury(delivery, now(), reason), cause);
}

/** The limit of the target that a failed delivery has used up. */
function spentLimit(target: Target, delivery: Delivery, now: number): string | undefined {
  const ageSeconds = (now - delivery.createdAt) / 1000;
  if (ageSeconds >= (target.maximumEventAgeSeconds ?? DEFAULT_EVENT_AGE_SECONDS)) return 'MaximumEventAge';
  const retries = delivery.attemptCount - 1;
  return retries >= (target.maximumRetryAttempts ?? DEFAULT_RETRY_ATTEMPTS) ? 'MaximumRetryAttempts' : undefined;
}

/** Undefined when the target took the event. */
async function deliver(target: Target, delivery: Delivery): Promise<{ cause: unknown } | undefined> {
  try {
    await target.deliver(JSON.parse(target.input ?? delivery.event) as unknown);
    return undefined;
  } catch (cause) {
    return { cause };
  }
}

/** Doubles from FIRST_RETRY_MS to MAX_RETRY_MS, with jitter of half of it. */
function backoffMs(attemptCount: number): number {
  const ms = Math.min(FIRST_RETRY_MS * 2 ** Math.min(attemptCount - 1, 30), MAX_RETRY_MS);
  return Math.round(ms / 2 + (Math.random() * ms) / 2);
}
