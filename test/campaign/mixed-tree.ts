// Plans the mixed trees of the kill campaign: seeded shapes of several kinds, with the end that each kind must have.

import { type MixedJob, mostAppRestarts } from './mixed-applet.ts';

export type TreeKind = keyof typeof kinds;
export type TreePlan = { readonly kind: TreeKind; readonly root: MixedJob; readonly options: object };

/**
 * What a kind of tree adds to a good one. `ending` is the failure of one of its jobs. `isHeld`: that job is held. The
 * user may terminate the tree, or release the held job.
 */
export const kinds = {
  good: {},
  restarted: { ending: 'AppInternalError', user: undefined },
  exhausted: { ending: 'AppInternalError', isHopeless: true },
  broken: { ending: 'AppError', isHopeless: true },
  terminated: { user: 'terminate' },
  released: { ending: 'AppError', isHopeless: true, isHeld: true, user: 'release' },
  heldAndTerminated: { ending: 'AppError', isHopeless: true, isHeld: true, user: 'terminate' },
} as const satisfies { readonly [kind: string]: KindFacts };
type KindFacts = {
  readonly ending?: MixedJob['ending'];
  readonly isHopeless?: true;
  readonly isHeld?: true;
  readonly user?: 'terminate' | 'release' | undefined;
};

export const factsOf = (kind: TreeKind): KindFacts => kinds[kind];

/** A tree of that kind. Its shape follows from the numbers. */
export function planTree(kind: TreeKind, name: string, random: () => number): TreePlan {
  const { ending, isHopeless, isHeld } = factsOf(kind);
  const good = planJob(name, true, 0, random);
  const leaves = leavesOf(good);
  const chosen = leaves[Math.floor(random() * leaves.length)] ?? good;
  const badTries = isHopeless ? everyTry : 1 + Math.floor(random() * mostAppRestarts);
  const root = ending === undefined ? good : withEnding(good, chosen, { ending, badTries });
  return { kind, root, options: isHeld ? { debug: { debugOn: [ending] } } : {} };
}

function planJob(name: string, master: boolean, depth: number, random: () => number): MixedJob {
  const count = depth === 0 ? 2 + Math.floor(random() * 2) : depth === 1 && random() < branchChance ? 1 : 0;
  const children = Array.from({ length: count }, (_, at): MixedJob => {
    const child = planJob(`${name}.${at}`, random() < masterChance, depth + 1, random);
    return { ...child, needs: Array.from({ length: at }, (_none, before) => before).filter(() => random() < 0.5) };
  });
  return {
    name,
    master,
    children,
    needs: [],
    weight: 1 + Math.floor(random() * 1000),
    pauseMs: Math.floor(random() * longestPauseMs),
    makesFile: random() < 0.4,
    badTries: 0,
  };
}

function leavesOf(job: MixedJob): MixedJob[] {
  return job.children.length === 0 ? [job] : job.children.flatMap(leavesOf);
}

function withEnding(job: MixedJob, chosen: MixedJob, end: Pick<MixedJob, 'ending' | 'badTries'>): MixedJob {
  if (job === chosen) return { ...job, ...end };
  return { ...job, children: job.children.map((child) => withEnding(child, chosen, end)) };
}

/** The job that is to end badly, if the plan has one. */
export function badJobOf(job: MixedJob): MixedJob | undefined {
  if (job.ending !== undefined) return job;
  return job.children.map(badJobOf).find((one) => one !== undefined);
}

const everyTry = 1000;
const branchChance = 0.4;
const masterChance = 0.35;
const longestPauseMs = 900;
