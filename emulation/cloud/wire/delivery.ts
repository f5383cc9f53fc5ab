// Delivers due items until it is closed: takes some, tries them, and takes more when they become due. The owner of the
// items decides when they are due and how an attempt is recorded.

export type DeliveryOptions<Item extends { readonly id: unknown }, Outcome> = {
  /** Attempts that may be under way at once. */
  readonly concurrency: number;
  /**
   * Returns at most `limit` due items in their order, without those whose ids are under way. It may wait for items
   * until the signal fires.
   */
  take(limit: number, underWay: ReadonlySet<unknown>, signal: AbortSignal): readonly Item[] | Promise<readonly Item[]>;
  /**
   * The time until the next item becomes due, unless the delivery is woken. Undefined if only a wake can bring more.
   */
  idleMs(): number | undefined;
  attempt(item: Item, signal: AbortSignal): Promise<Outcome>;
  /** Records the outcome of an attempt. */
  conclude(item: Item, outcome: Outcome): Promise<void> | void;
  /**
   * Receives exceptions of `take`, `attempt` and `conclude`, for example because the disk is full. They are tried again
   * later.
   */
  onFault(fault: unknown): void;
  /** Whether attempts that end after the close are still concluded. Otherwise they are repeated after a restart. */
  readonly concludesLate: boolean;
};

export type Delivery = {
  /** Call it when items may be due. */
  wake(): void;
  /** Begins no further attempts. Resolves when `take` has ended. Attempts that are under way continue. */
  close(): Promise<void>;
  /** Resolves when the attempts that are under way have ended. */
  idle(): Promise<void>;
};

/**
 * Delivers from the first wake on. Each wake takes effect in the next turn of the event loop, so that items of one turn
 * are taken together.
 */
export function createDelivery<Item extends { readonly id: unknown }, Outcome>(
  options: DeliveryOptions<Item, Outcome>,
): Delivery {
  const underWay = new Map<unknown, Promise<void>>();
  const closing = new AbortController();
  const { signal } = closing;
  const bell = createBell();

  const work = async (item: Item): Promise<void> => {
    try {
      const outcome = await options.attempt(item, signal);
      if (!signal.aborted || options.concludesLate) await options.conclude(item, outcome);
    } catch (fault) {
      options.onFault(fault);
      await bell.pause(faultPauseMs, signal);
    } finally {
      underWay.delete(item.id);
      bell.ring();
    }
  };
  const takeSome = async (): Promise<void> => {
    const free = options.concurrency - underWay.size;
    const items = free > 0 ? await options.take(free, new Set(underWay.keys()), signal) : [];
    if (signal.aborted) return;
    for (const item of items) underWay.set(item.id, work(item));
    if (items.length === 0) await bell.wait(free > 0 ? options.idleMs() : undefined);
  };
  const run = async (): Promise<void> => {
    await nextTurn();
    while (!signal.aborted) {
      bell.reset();
      try {
        await takeSome();
      } catch (fault) {
        if (signal.aborted) return;
        options.onFault(fault);
        await bell.pause(faultPauseMs, signal);
      }
    }
  };
  let ended: Promise<void> | undefined;
  return {
    wake() {
      ended ??= run();
      bell.ring();
    },
    async close() {
      closing.abort();
      bell.end();
      await ended;
    },
    async idle() {
      await Promise.all(underWay.values());
    },
  };
}

export type Backoff = { readonly firstMs: number; readonly maximumMs: number };

/** The pause after a number of failures in a row: the first pause, doubled each time, up to the maximum. */
export function backoffMs(failureCount: number, { firstMs, maximumMs }: Backoff): number {
  return Math.min(maximumMs, firstMs * 2 ** Math.min(failureCount - 1, maximumDoublings));
}

/** The sleep of a loop. A ring that comes before the sleep ends it at once. */
function createBell() {
  let rung = false;
  let wakeUp = () => {};
  return {
    ring() {
      rung = true;
      // Items of the same turn are taken together.
      setImmediate(wakeUp);
    },
    /** Rings without waiting for the next turn. */
    end() {
      rung = true;
      wakeUp();
    },
    reset() {
      rung = false;
      wakeUp = () => {};
    },
    wait(ms: number | undefined): Promise<void> {
      if (rung) return nextTurn();
      return new Promise((resolve) => {
        const timer = ms === undefined ? undefined : setTimeout(resolve, Math.min(ms, maximumSleepMs)).unref();
        wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    },
    /** Sleeps without listening to rings. */
    pause: (ms: number, signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms).unref();
        signal.addEventListener('abort', end);
        if (signal.aborted) end();
      }),
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

const faultPauseMs = 1_000;
/** Longer sleeps overflow a timer, and clocks jump. */
const maximumSleepMs = 60_000;
const maximumDoublings = 30;
