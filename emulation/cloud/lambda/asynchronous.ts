// Asynchronous invocations: accepted, repeated, given up on, across restarts. It knows a function only as something to run.
import type { AsynchronousTable, QueuedEvent } from './asynchronous-table.ts';
import type { InvocationResult } from './sandbox.ts';

/** `AWS::Lambda::EventInvokeConfig` of a function. */
export type AsynchronousSettings = {
  readonly maxRetries?: number;
  readonly maxAgeMs?: number;
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
  /** Takes up an event of an earlier process. */
  resume(event: QueuedEvent): void;
  close(): void;
};

/** invocation-async-error-handling.html: two retries, after one minute and then two, for at most six hours. */
const DEFAULT_RETRIES = 2;
const DEFAULT_AGE_MS = 6 * 3_600_000;
/** On AWS 60 s and 120 s; on one machine nothing is gained by such pauses. */
const RETRY_PAUSES_MS = [1_000, 2_000];
/** Events of one function that run at once: the usual quota of an account. A log pump is one for as long as it lasts. */
const MAX_CONCURRENCY = 1_000;

export function createEventQueue(options: EventQueueOptions): EventQueue {
  return new FunctionEventQueue(options);
}

class FunctionEventQueue implements EventQueue {
  readonly #options: EventQueueOptions;
  readonly #due: QueuedEvent[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  #running = 0;
  #closed = false;

  constructor(options: EventQueueOptions) {
    this.#options = options;
  }

  accept(payload: string): void {
    const { table, functionName, now } = this.#options;
    this.#due.push(table.add(functionName, payload, now()));
    this.#pump();
  }

  resume(event: QueuedEvent): void {
    this.#later(event, Math.max(0, event.dueAt - this.#options.now()));
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #pump(): void {
    while (!this.#closed && this.#running < MAX_CONCURRENCY) {
      const event = this.#due.shift();
      if (!event) return;
      this.#running += 1;
      void this.#options.run(event.payload).then((result) => this.#conclude(event, result));
    }
  }

  async #conclude(event: QueuedEvent, result: InvocationResult): Promise<void> {
    this.#running -= 1;
    // Ended by our own end: the next start runs it again.
    if (this.#closed) return;
    if ('error' in result) await this.#fail(event, result.error);
    else this.#options.table.remove(event.id);
    this.#pump();
  }

  async #fail(event: QueuedEvent, error: { errorMessage: string }): Promise<void> {
    const { settings, table, now, onGivenUp } = this.#options;
    const { maxRetries = DEFAULT_RETRIES, maxAgeMs = DEFAULT_AGE_MS, onFailure } = settings;
    const attemptCount = event.attemptCount + 1;
    const pauseMs = RETRY_PAUSES_MS[attemptCount - 1] ?? RETRY_PAUSES_MS.at(-1) ?? 0;
    if (attemptCount <= maxRetries && now() + pauseMs <= event.acceptedAt + maxAgeMs) {
      table.postpone(event.id, attemptCount, now() + pauseMs);
      this.#later({ ...event, attemptCount }, pauseMs);
      return;
    }
    onGivenUp(`An event was given up on after ${attemptCount} attempts: ${error.errorMessage}`);
    await onFailure?.(JSON.parse(event.payload), error);
    table.remove(event.id);
  }

  #later(event: QueuedEvent, pauseMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#due.push(event);
      this.#pump();
    }, pauseMs);
    this.#timers.add(timer);
  }
}
