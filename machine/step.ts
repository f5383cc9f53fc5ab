// Keeps how what was started is ended, and ends it in reverse order. It knows nothing of what that is.

export type Steps = {
  add(end: () => Promise<void>): void;
  /** Ends everything, once; every end is tried, the first failure is thrown. */
  undo(): Promise<void>;
};

export function createSteps(): Steps {
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
