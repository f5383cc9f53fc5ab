// Limits how often something may happen.

/** Answers whether it may happen now: so often a second in the long run, and so often at once. */
export function createRateLimit(perSecond: number, burst: number, now: () => number): () => boolean {
  let left = burst;
  let at = now();
  return () => {
    left = Math.min(burst, left + ((now() - at) / 1000) * perSecond);
    at = now();
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
