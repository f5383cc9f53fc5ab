// Long polling: wakes the pollers of a queue when a message may have become visible.

export type LongPolls = {
  /**
   * Calls `attempt` now and whenever the queue may have messages. It ends when `attempt` returns an item, `waitMs` have
   * passed, the signal fires or the polls are closed. Then it returns the result of the last attempt.
   */
  poll<Item>(queue: string, waitMs: number, attempt: () => Item[], options: PollOptions): Promise<Item[]>;
  /** Call it when a message was sent to the queue, or became visible in it. */
  wake(queue: string): void;
  close(): void;
};

export type PollOptions = { readonly signal?: AbortSignal | undefined; nextVisibleInMs(): number | undefined };

/** Pollers of a queue are served in order of arrival. */
export function createLongPolls(): LongPolls {
  const sleepers = new Map<string, Set<() => void>>();
  let closed = false;

  function sleep(queue: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const waiting = sleepers.get(queue) ?? new Set();
      sleepers.set(queue, waiting);
      const timer = setTimeout(done, Math.min(ms, maximumSleepMs)).unref();
      function done(): void {
        clearTimeout(timer);
        waiting.delete(done);
        signal?.removeEventListener('abort', done);
        resolve();
      }
      waiting.add(done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  return {
    async poll(queue, waitMs, attempt, { signal, nextVisibleInMs }) {
      const deadline = performance.now() + waitMs;
      for (;;) {
        if (signal?.aborted || closed) return [];
        const items = attempt();
        const leftMs = deadline - performance.now();
        if (items.length > 0 || leftMs <= 0) return items;
        await sleep(queue, Math.max(1, Math.min(leftMs, nextVisibleInMs() ?? leftMs)), signal);
      }
    },
    wake(queue) {
      for (const done of [...(sleepers.get(queue) ?? [])]) done();
    },
    close() {
      closed = true;
      for (const queue of sleepers.keys()) this.wake(queue);
    },
  };
}

/** A timer never sleeps longer than this, because longer ones overflow and clocks jump. */
const maximumSleepMs = 60_000;
