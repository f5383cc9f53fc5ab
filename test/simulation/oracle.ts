// Says how a tree of jobs must end, by a few rules over the whole tree and without the engine's code. It reads only
// what each job was meant to do.

/** The program of one job: it waits for the outputs of others, makes children in order, then succeeds or fails. */
export type Deed = {
  readonly name: string;
  readonly children: readonly Deed[];
  /** Names of earlier jobs whose outputs it needs. */
  readonly needs: readonly string[];
  /** Whether a child has a workspace of its own. */
  readonly master: boolean;
  readonly fails: boolean;
};

export type Ending = 'done' | 'failed';

/** The ending of each root by its name, when no job is terminated and no worker is lost for good. */
export function expectedEndings(roots: readonly Deed[]): Map<string, Ending> {
  const endings = new Map<string, Ending>();
  // A root needs only roots that come before it.
  for (const root of roots) {
    const all = flatten(root);
    const unmet = root.needs.some((name) => endings.get(name) === 'failed');
    endings.set(root.name, unmet || all.some(({ fails }) => fails) ? 'failed' : 'done');
  }
  return endings;
}

/** A job and all jobs below it. */
export function flatten(deed: Deed): Deed[] {
  return [deed, ...deed.children.flatMap(flatten)];
}

/** The number that a job returns: one plus the numbers of its children and needs. */
export function expectedNumber(deed: Deed, all: ReadonlyMap<string, Deed>): number {
  const others = [...deed.children, ...deed.needs.map((name) => all.get(name)).filter((one) => one !== undefined)];
  return others.reduce((sum, one) => sum + expectedNumber(one, all), 1);
}
