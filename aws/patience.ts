// How long calls are retried: a limited number of attempts, with exponential delays and full jitter (AWS Architecture
// Blog, "Exponential Backoff And Jitter").

export type Patience = {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
};

/** About ten seconds in all at worst, which is within the timeout of every function that writes. */
export const defaultPatience: Patience = { attempts: 10, firstDelayMs: 25, longestDelayMs: 2000 };

/** Repeats `call` while it throws an error that `mayPass` accepts. The last error is thrown unchanged. */
export async function patiently<Result>(
  patience: Patience,
  call: (attempt: number) => Promise<Result>,
  mayPass: (error: unknown) => boolean,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call(attempt);
    } catch (error) {
      if (attempt >= patience.attempts || !mayPass(error)) throw error;
      await pause(patience, attempt);
    }
  }
}

/** Waits before the attempt after `attempt` (counted from 1). */
export function pause(patience: Patience, attempt: number): Promise<void> {
  const ceilingMs = Math.min(patience.longestDelayMs, patience.firstDelayMs * 2 ** attempt);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * ceilingMs));
}
