// Says in a job's log what its worker is doing, if that takes more than a moment.

/** Passes the result on. The line is said once, and only if there is no result after some seconds. */
export async function sayIfSlow<Result>(
  line: string,
  say: (line: string) => void,
  step: Promise<Result>,
  silentMs: number = longestSilenceMs,
): Promise<Result> {
  const timer = setTimeout(() => say(line), silentMs);
  try {
    return await step;
  } finally {
    clearTimeout(timer);
  }
}

const longestSilenceMs = 3_000;
