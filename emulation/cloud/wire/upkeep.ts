// Removes once a day what has had its time, in pieces between which others get their turn. It knows no row.

const DAY_MS = 24 * 3_600_000;
const PAUSE_MS = 100;
/** Rows of one piece: some milliseconds of the one thread. */
export const PIECE_ROWS = 500;

export type Upkeep = {
  /** Begins a round now: its first piece is removed when this returns, the others soon. */
  run(): void;
  /** Nothing is removed any more. */
  close(): void;
};

/** @param removeSome removes at most a piece; true while there may be more. What it throws is told, and ends the round. */
export function startUpkeep(what: string, removeSome: () => boolean): Upkeep {
  let pause: NodeJS.Timeout | undefined;
  const run = () => {
    clearTimeout(pause);
    try {
      if (removeSome()) pause = setTimeout(run, PAUSE_MS).unref();
    } catch (fault) {
      // The disk is full: nobody's request has failed by that.
      console.error(`Old ${what} could not be removed, which is tried again in a day:`, fault);
    }
  };
  const daily = setInterval(run, DAY_MS).unref();
  return {
    run,
    close() {
      clearInterval(daily);
      clearTimeout(pause);
    },
  };
}
