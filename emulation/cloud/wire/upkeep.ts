// Removes expired rows once a day, in pieces between which other work gets its turn.

/** Rows of one piece, which take the only thread some milliseconds. */
export const pieceRows = 500;

export type Upkeep = {
  /** Begins a round. Its first piece is removed when this returns, and the others soon after. */
  run(): void;
  /** Ends the removals. */
  close(): void;
};

/**
 * @param removeSome removes at most one piece, and returns true while there may be more. An exception is logged and
 * ends the round.
 */
export function startUpkeep(what: string, removeSome: () => boolean): Upkeep {
  let pause: NodeJS.Timeout | undefined;
  const run = () => {
    clearTimeout(pause);
    try {
      if (removeSome()) pause = setTimeout(run, pauseMs).unref();
    } catch (fault) {
      // The disk is full. No request has failed because of it.
      console.error(`Old ${what} could not be removed. The next try is in a day:`, fault);
    }
  };
  const daily = setInterval(run, dayMs).unref();
  return {
    run,
    close() {
      clearInterval(daily);
      clearTimeout(pause);
    },
  };
}

const dayMs = 24 * 3_600_000;
const pauseMs = 100;
