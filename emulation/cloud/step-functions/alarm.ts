// Waits until a time of the injected clock, however far away.

/** Starts a timer and returns a function that ends it. This is setTimeout, unless a test makes time run faster. */
export type StartTimer = (delayMs: number, ring: () => void) => () => void;

export const startRealTimer: StartTimer = (delayMs, ring) => {
  const timer = setTimeout(ring, delayMs).unref();
  return () => clearTimeout(timer);
};

/** Resolves at `at` (milliseconds since 1970), or as soon as the signal fires. */
export function until(
  at: number,
  { now, startTimer }: { now(): number; startTimer: StartTimer },
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let end = () => {};
    const finish = () => {
      end();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const arm = () => {
      const left = at - now();
      if (left <= 0 || signal.aborted) return finish();
      end = startTimer(Math.min(left, maximumTimerMs), arm);
    };
    signal.addEventListener('abort', finish);
    arm();
  });
}

/** setTimeout's longest delay is about 24.8 days, and a machine may run longer. */
const maximumTimerMs = 2_147_483_647;
