// Says how every job of a tree must end, by a few rules over the whole tree and without the engine's code. It reads only
// the plan of each job, the accidents that happened, and the rows at the end. docs/reference/api.md, "Spread of failures"
// holds the rules.

/** The program of one job: it waits for the outputs of others, makes children in order, then ends. */
export type Deed = {
  readonly name: string;
  readonly children: readonly Deed[];
  /** Names of earlier jobs whose outputs it needs. */
  readonly needs: readonly string[];
  /** Whether a child has a workspace of its own. */
  readonly master: boolean;
  /** The reason that it reports in a bad try. A job that ends by JobTimeoutExceeded goes on until it is stopped. */
  readonly ending: 'AppError' | 'AppInternalError' | 'JobTimeoutExceeded';
  /** The first tries of its master job in which it ends badly. In later ones it returns an output. */
  readonly badTries: number;
  /** The restarts of a master job. */
  readonly policy: { readonly restartOn: { readonly [reason: string]: number }; readonly maxRestarts?: number };
  /** Whether it makes a data object, which is then part of its output. */
  readonly makes: boolean;
};

/** A job as it is at the end. `try` is its last one. */
export type Member = {
  readonly id: string;
  readonly deed: Deed | undefined;
  readonly try: number;
  readonly parent: string | undefined;
  readonly parentTry: number | undefined;
  readonly state: string;
  readonly reason: string | undefined;
  readonly message: string;
  readonly from: string | undefined;
  /** A birth that did not come about. */
  readonly tombstone: boolean;
};
/** An earlier try, as it was kept. */
export type KeptTry = Pick<Member, 'id' | 'try' | 'reason' | 'from'>;

export type Accidents = {
  /** Tries as `job#try` whose host was lost, or whose worker fell silent. */
  readonly lost: ReadonlySet<string>;
  readonly silent: ReadonlySet<string>;
  /** Roots that a user asked to terminate, with that user. */
  readonly terminated: ReadonlyMap<string, string>;
};
export type Tree = {
  readonly root: string;
  readonly members: readonly Member[];
  readonly tries: readonly KeptTry[];
  /** Names of deeds of earlier trees that ended without being done. */
  readonly unmet: ReadonlySet<string>;
};

/** A sentence for each job that did not end as it must. */
export function problemsOfTree(tree: Tree, accidents: Accidents): string[] {
  const byId = new Map(tree.members.map((one) => [one.id, one]));
  const root = byId.get(tree.root);
  if (root?.deed === undefined) return [`the root ${tree.root} is gone`];
  const view: View = { tree, accidents, byId, root, current: currentOf(tree, root) };
  return [
    ...rootProblems(view),
    ...tree.members.flatMap((one) => memberProblems(view, one).map((problem) => `${print(one)}: ${problem}`)),
    ...tree.members.flatMap((one) => tryProblems(view, one)),
  ];
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

type View = {
  readonly tree: Tree;
  readonly accidents: Accidents;
  readonly byId: ReadonlyMap<string, Member>;
  readonly root: Member;
  /** Jobs of the present tries. All others were given up with a try above them. */
  readonly current: ReadonlySet<Member>;
};

function currentOf({ members }: Tree, root: Member): Set<Member> {
  const current = new Set([root]);
  for (const one of current) {
    for (const child of members) if (child.parent === one.id && child.parentTry === one.try) current.add(child);
  }
  return current;
}

function rootProblems(view: View): string[] {
  const { root, accidents, tree } = view;
  const unmet = root.deed?.needs.some((name) => tree.unmet.has(name)) ?? false;
  if (root.state === 'done' && unmet) return [`${print(root)}: it is done although it needs a job that is not`];
  if (root.state === 'terminated' && !accidents.terminated.has(root.id)) {
    return [`${print(root)}: nobody asked to terminate it`];
  }
  const named = namedBy(view);
  if (named.size > 1) return [`${print(root)}: its jobs name ${named.size} causes`];
  return [];
}

function memberProblems(view: View, one: Member): string[] {
  const { current, root } = view;
  if (one.state === 'done') return doneProblems(view, one);
  if (one.state !== 'failed' && one.state !== 'terminated') return ['it has not ended'];
  if (one.tombstone) return root.state === 'done' && current.has(one) ? ['it was never born'] : [];
  if (current.has(one) && root.state === 'done') return ['it ended badly in a tree that is done'];
  const wanted = wantedEnds(view, one);
  return wanted.some((end) => end(one)) ? [] : ['no rule allows this end'];
}

function doneProblems(view: View, one: Member): string[] {
  const { tree, current, accidents } = view;
  if (one.reason !== undefined || one.from !== undefined) return ['it is done and has a failure'];
  if (one.deed === undefined) return ['nobody planned it'];
  if (masterOf(view, one).try < one.deed.badTries) return [`it is done and was to end by ${one.deed.ending}`];
  const children = tree.members.filter((child) => child.parent === one.id && child.parentTry === one.try);
  const missing = one.deed.children.filter(({ name }) => {
    const found = children.filter((child) => child.deed?.name === name);
    return found.length !== 1 || found[0]?.state !== 'done';
  });
  const extra = children.length - one.deed.children.length;
  return [
    ...missing.map(({ name }) => `its child ${name} is not done exactly once`),
    ...(extra > 0 ? [`${extra} jobs too many below it`] : []),
    ...(one.deed.needs.some((name) => tree.unmet.has(name)) ? ['it is done without what it needs'] : []),
    ...(accidents.terminated.has(one.id) && !current.has(one) ? ['it is terminated'] : []),
  ];
}

type End = (member: Member) => boolean;

/** The ends that the rules allow to a job that is not done. */
function wantedEnds(view: View, one: Member): End[] {
  const { current, root, tree, accidents } = view;
  const asked = accidents.terminated.get(root.id);
  const ends: End[] = [];
  for (const reason of causesOf(view, one, one.try)) if (mayFailBy(view, one, reason)) ends.push(ownEnd(reason));
  const own = tree.members.filter((other) => other !== one && isOwnFailure(view, other));
  // In a failed tree all jobs name the same one. The root may have failed by itself at the same moment.
  const [named = root.id] = namedBy(view);
  const first = root.state === 'failed' ? (root.from ?? named) : undefined;
  const blamed = current.has(one) && first !== undefined ? own.filter(({ id }) => id === first) : own;
  for (const cause of blamed) ends.push(spreadEnd(cause));
  if (asked !== undefined) ends.push(terminatedEnd(asked));
  if (!current.has(one) || wasInterrupted(view)) ends.push(discardedEnd(view, one));
  return ends;
}

/** The jobs that others of the present tries name as the cause of their end. */
function namedBy({ current }: View): Set<string> {
  return new Set([...current].flatMap(({ from }) => (from === undefined ? [] : [from])));
}

/** A restart was under way when the whole tree ended. Its master then keeps the try that was given up. */
function wasInterrupted(view: View): boolean {
  return view.root.state !== 'done' && [...view.current].some((one) => meetsRestart(view, one));
}

/**
 * A restart of this job may have been under way when it ended: with the whole tree, or with the try of a job above it
 * that was given up as well.
 */
function wasInterruptedAt(view: View, one: Member): boolean {
  if (view.current.has(one)) return wasInterrupted(view);
  return view.tree.members.some((other) => masterOf(view, other).job === one && meetsRestart(view, other));
}

function meetsRestart(view: View, one: Member): boolean {
  return causesOf(view, one, one.try).some((reason) => restartsBy(view, masterOf(view, one), reason));
}

/** The reasons for which a job may fail by itself in a try. */
function causesOf(view: View, one: Member, attempt: number): string[] {
  const { accidents, tree } = view;
  const { deed } = one;
  const key = `${one.id}#${attempt}`;
  const master = masterOf(view, one);
  const masterTry = master.job === one ? attempt : master.try;
  return [
    ...(deed !== undefined && masterTry < deed.badTries ? [deed.ending] : []),
    // The clock may jump over the time limit of a good try, too.
    ...(deed !== undefined && deed.badTries > 0 && deed.ending === 'JobTimeoutExceeded' ? [deed.ending] : []),
    ...(deed?.needs.some((name) => tree.unmet.has(name)) ? ['DependencyUnsatisfiable'] : []),
    ...(accidents.silent.has(key) || accidents.lost.has(key) ? ['UnresponsiveWorker'] : []),
  ];
}

/** A failure after which the policy allows a restart is final only below a try that was given up for it. */
function mayFailBy(view: View, one: Member, reason: string): boolean {
  return !view.current.has(one) || wasInterrupted(view) || !restartsBy(view, masterOf(view, one), reason);
}

type MasterTry = { readonly job: Member | undefined; readonly try: number };

/** The nearest job with a workspace of its own, and the try of it that a job belongs to. */
function masterOf({ byId, root }: View, one: Member): MasterTry {
  if (one === root || one.deed?.master === true) return { job: one, try: one.try };
  let below = one;
  for (let above = byId.get(one.parent ?? ''); above !== undefined; above = byId.get(above.parent ?? '')) {
    if (above === root || above.deed?.master === true) return { job: above, try: below.parentTry ?? 0 };
    below = above;
  }
  return { job: undefined, try: 0 };
}

/** Whether the policy of a master job lets it start again after a failure in that try. */
function restartsBy({ tree }: View, { job, try: attempt }: MasterTry, reason: string): boolean {
  if (job?.deed === undefined || !restartable.has(reason)) return false;
  const { restartOn, maxRestarts = 9 } = job.deed.policy;
  const before = tree.tries.filter((kept) => kept.id === job.id && kept.try < attempt && kept.reason === reason).length;
  return attempt < maxRestarts && before < (restartOn[reason] ?? restartOn['*'] ?? 0);
}

function isOwnFailure(view: View, one: Member): boolean {
  const { state, from, reason = '' } = one;
  const own = state === 'failed' && from === undefined;
  return own && causesOf(view, one, one.try).includes(reason) && mayFailBy(view, one, reason);
}

function ownEnd(wanted: string): End {
  return ({ state, reason, from, message }) =>
    state === 'failed' && reason === wanted && from === undefined && messageOf[wanted]?.test(message) === true;
}

function spreadEnd(cause: Member): End {
  return ({ state, reason, from, message }) =>
    state === 'failed' &&
    reason === 'JobTreeFailure' &&
    from === cause.id &&
    isShortened(message, `${cause.id}, a job of the same tree, failed with ${cause.reason}: ${cause.message}`);
}

/** A row holds only the beginning of a long message. */
function isShortened(message: string, whole: string): boolean {
  return message === whole || (message.endsWith('…') && whole.startsWith(message.slice(0, -1)));
}

function terminatedEnd(user: string): End {
  return ({ state, reason, from, message }) =>
    state === 'terminated' &&
    reason === 'Terminated' &&
    from === undefined &&
    message === `The job was terminated by ${user}`;
}

/** The job was below a try that was given up: one of an execution above it, which has begun a later try since. */
function discardedEnd(view: View, one: Member): End {
  const { byId } = view;
  return ({ state, reason, message, from }) => {
    const said = /^Try (\d+) of (job-\w+) was given up and starts again; this job belonged to it$/.exec(message);
    if (state !== 'terminated' || reason !== 'Terminated' || from !== undefined || said === null) return false;
    for (let at: Member | undefined = one; at?.parent !== undefined; at = byId.get(at.parent)) {
      const above = byId.get(at.parent);
      if (at.parent !== said[2] || at.parentTry !== Number(said[1]) || above === undefined) continue;
      if (above.try > Number(said[1]) || wasInterrupted(view) || wasInterruptedAt(view, above)) return true;
    }
    return false;
  };
}

/** Every earlier try is kept once. Its policy allowed a restart for its reason, which its job or one below it met. */
function tryProblems(view: View, one: Member): string[] {
  const kept = view.tree.tries.filter(({ id }) => id === one.id);
  const wanted = Array.from({ length: one.try }, (_, number) => number);
  const missing = wanted.filter((number) => kept.filter((row) => row.try === number).length !== 1);
  const strange = kept.filter((row) => !isGivenUpRightly(view, one, row));
  return [
    ...missing.map((number) => `${print(one)}: try ${number} is not kept once`),
    // The row of a try is kept just before the next one begins. The tree may end in between.
    ...(kept.length > one.try + (wasInterrupted(view) || wasInterruptedAt(view, one) ? 1 : 0)
      ? [`${print(one)}: ${kept.length} tries are kept`]
      : []),
    ...strange.map((row) => `${print(one)}: try ${row.try} was given up by ${row.reason} of ${row.from ?? 'itself'}`),
  ];
}

function isGivenUpRightly(view: View, master: Member, { try: attempt, reason = '', from }: KeptTry): boolean {
  if (!restartsBy(view, { job: master, try: attempt }, reason)) return false;
  const cause = from === undefined ? master : view.byId.get(from);
  if (cause === undefined) return false;
  const of = masterOf(view, cause);
  const isInside = cause === master || (of.job === master && of.try === attempt);
  return isInside && causesOf(view, cause, cause === master ? attempt : cause.try).includes(reason);
}

function print(one: Member): string {
  const { deed, id, state, reason, from, message } = one;
  const why =
    reason === undefined ? '' : ` (${[reason, from, message].filter((part) => part !== undefined).join(', ')})`;
  return `${deed?.name ?? id} try ${one.try}, ${state}${why}`;
}

/** The beginning of each sentence that a job's own failure must have. */
const messageOf: { readonly [reason: string]: RegExp } = {
  AppError: /^as planned$/,
  AppInternalError: /^as planned$/,
  JobTimeoutExceeded: /^The job ran longer than its timeout policy allows \(10 minutes\), and was ended$/,
  DependencyUnsatisfiable: /^job-\w+, which this job depends on, (failed|was terminated)/,
  UnresponsiveWorker: /^The machine (running the job stopped|that job-\w+ ran on was lost$)/,
};
/** The reasons of docs/reference/api.md, "Failure reasons", on which a policy may restart and which lives contain. */
const restartable: ReadonlySet<string> = new Set(['AppInternalError', 'JobTimeoutExceeded', 'UnresponsiveWorker']);
