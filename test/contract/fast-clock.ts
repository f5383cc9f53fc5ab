// A clock that runs faster than the real one, for engines with long waits.

/** Since its creation time passes `factor` times as fast, for `now` and for timers. */
export function createFastClock(factor: number) {
  const begun = Date.now();
  return {
    now: () => begun + (Date.now() - begun) * factor,
    startTimer(delayMs: number, ring: () => void): () => void {
      const timer = setTimeout(ring, Math.ceil(delayMs / factor));
      return () => clearTimeout(timer);
    },
  };
}
