// Keeps the ways to end everything that was started, and ends it in reverse order.

export type Steps = {
  add(end: () => Promise<void>): void;
  /** Ends everything, once. Every end is tried, and the first failure is thrown. */
  undo(): Promise<void>;
};

function createSteps(): Steps {
  const ends: (() => Promise<void>)[] = [];
  let undone: Promise<void> | undefined;
  const undoAll = async () => {
    const failures: unknown[] = [];
    for (const end of ends.reverse()) await end().catch((failure: unknown) => failures.push(failure));
    if (failures.length > 0) throw failures[0];
  };
  return {
    add: (end) => void ends.push(end),
    undo() {
      undone ??= undoAll();
      return undone;
    },
  };
}

/** Carries out `start`. If it fails, everything that it has added is ended. */
export async function undoneOnFailure<Result>(start: (steps: Steps) => Promise<Result>): Promise<Result> {
  const steps = createSteps();
  try {
    return await start(steps);
  } catch (error) {
    await steps.undo();
    throw error;
  }
}
