// A naive, independent idea of how a tree of jobs must end: a few rules over the whole tree at once, none of the engine's code.
// It knows what each job was told to do, not how the engine got there.

/** What one job does: makes children in order, waits for others' outputs first, then succeeds or fails. */
export type Deed = {
  readonly name: string;
  readonly children: readonly Deed[];
  /** Names of jobs made before it, whose output it needs. */
  readonly needs: readonly string[];
  /** Has a workspace of its own (only among children). */
  readonly master: boolean;
  readonly fails: boolean;
};

export type Ending = 'done' | 'failed';

/** How each root must end when nobody is terminated and no worker is lost for good: by name. */
export function expectedEndings(roots: readonly Deed[]): Map<string, Ending> {
  const endings = new Map<string, Ending>();
  // Roots are in the order in which they may need each other.
  for (const root of roots) {
    const all = flatten(root);
    const unmet = root.needs.some((name) => endings.get(name) === 'failed');
    endings.set(root.name, unmet || all.some(({ fails }) => fails) ? 'failed' : 'done');
  }
  return endings;
}

/** A job and all below it. */
export function flatten(deed: Deed): Deed[] {
  return [deed, ...deed.children.flatMap(flatten)];
}

/** The number that a job hands out: one, and what its children and needs hand out. */
export function expectedNumber(deed: Deed, all: ReadonlyMap<string, Deed>): number {
  const others = [...deed.children, ...deed.needs.map((name) => all.get(name)).filter((one) => one !== undefined)];
  return others.reduce((sum, one) => sum + expectedNumber(one, all), 1);
}
