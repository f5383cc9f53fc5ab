// Remembers what is under way, so that the end of the platform can wait for it.

export type UnderWay = {
  /** Returns the promise that it got. */
  add<Result>(work: Promise<Result>): Promise<Result>;
  /** Resolves when everything that was added has ended, well or badly. */
  ended(): Promise<void>;
};

export function createUnderWay(): UnderWay {
  const all = new Set<Promise<unknown>>();
  return {
    add(work) {
      all.add(work);
      const forget = () => all.delete(work);
      work.then(forget, forget);
      return work;
    },
    async ended() {
      while (all.size > 0) await Promise.allSettled(all);
    },
  };
}
