// Bounds the time that one piece of work may take, so that it does not keep others waiting for ever.

/**
 * The result of a promise, unless it takes too long. The work then goes on, but nobody waits for it.
 *
 * @param what the piece of work, as the message of the error names it
 * @throws Error when it takes longer than `limitMs`
 */
export async function withinTime<Result>(what: string, work: Promise<Result>, limitMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${limitMs} ms, and is left alone`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The time that a look may take where others wait behind it. It is well below the time limits of the functions. */
export const lookLimitMs = 15_000;
