// Says how the jobs of a mixed tree must have ended, from its plan, the acts of its user and the number of kills.

import { type MixedJob, mostAppRestarts, namesOf } from './mixed-applet.ts';
import { badJobOf, factsOf, type TreePlan } from './mixed-tree.ts';

/** A row of a search with earlier tries. */
export type Found = {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly try: number;
  readonly parentJob: string | null;
  readonly parentJobTry?: number | null;
  readonly failureReason?: string;
  readonly failureMessage?: string;
  readonly failureFrom?: { readonly id: string; readonly name?: string; readonly failureReason?: string };
};
export type Events = {
  /** Kills since the tree was started. */
  readonly kills: number;
  /** Whether a held job of it was seen. */
  readonly wasHeld: boolean;
  /** The state of the root just after the answer to `terminate`. */
  readonly stateAtTermination: string | undefined;
  readonly user: string;
};
type Judged = {
  readonly plan: TreePlan;
  readonly events: Events;
  readonly root: Found;
  readonly jobs: readonly Found[];
  readonly tries: readonly Found[];
};

/** A sentence for each job that did not end as it must. The output of a tree that is done is judged elsewhere. */
export function problemsOfTree(plan: TreePlan, events: Events, found: readonly Found[], rootId: string): string[] {
  const jobs = found.filter(({ state }) => state !== 'restarted');
  const root = jobs.find(({ id }) => id === rootId);
  if (root === undefined) return ['the root was not found'];
  const judged: Judged = { plan, events, root, jobs, tries: found.filter(({ state }) => state === 'restarted') };
  const ends = endsOf(plan, events);
  if (!ends.includes(root.state)) return [`the root is ${print(root)} instead of ${ends.join(' or ')}`];
  return [
    ...holdProblems(judged),
    ...tryProblems(judged),
    ...nameProblems(judged),
    ...jobs.flatMap((job) => jobProblems(judged, job)),
    ...(root.state === 'done' ? doneProblems(judged) : []),
    ...(root.state === 'failed' ? failedProblems(judged) : []),
  ];
}

function endsOf({ kind }: TreePlan, { kills, stateAtTermination: state }: Events): string[] {
  const { isHopeless, user } = factsOf(kind);
  const alone = isHopeless ? 'failed' : 'done';
  if (user !== 'terminate' || state === undefined || state === alone) return [alone];
  // A kill may end a hold, so that the tree is failing when the user comes.
  return isHopeless && kills > 0 ? ['terminated', 'failed'] : ['terminated'];
}

function holdProblems({ plan, events }: Judged): string[] {
  // A kill may come between the report and the look that would have seen the hold.
  const isMissed = factsOf(plan.kind).isHeld === true && !events.wasHeld && events.kills === 0;
  return isMissed ? ['its job was never held'] : [];
}

/** Each earlier try is there once, and was given up for a reason that occurred. */
function tryProblems({ plan, events, jobs, tries }: Judged): string[] {
  const bad = badJobOf(plan.root);
  return jobs.flatMap((job) => {
    const kept = tries.filter(({ id }) => id === job.id).sort((one, other) => one.try - other.try);
    const numbers = kept.map((one) => one.try).join(' ');
    const wanted = Array.from({ length: job.try }, (_, number) => number).join(' ');
    const count = (reason: string) => kept.filter(({ failureReason }) => failureReason === reason).length;
    const [lost, planned] = [count('UnresponsiveWorker'), count('AppInternalError')];
    const allowed = bad?.ending === 'AppInternalError' ? Math.min(bad.badTries, mostAppRestarts) : 0;
    return [
      ...(numbers === wanted ? [] : [`${print(job)} has the earlier tries "${numbers}" instead of "${wanted}"`]),
      ...(lost + planned === kept.length ? [] : [`${print(job)} restarted for ${reasonsOf(kept)}`]),
      ...(lost > events.kills ? [`${print(job)} lost ${lost} workers by ${events.kills} kills`] : []),
      ...(planned > allowed ? [`${print(job)} restarted ${planned} times for AppInternalError`] : []),
    ];
  });
}

/** Each job of the present tries is in the plan, and is there once. */
function nameProblems(judged: Judged): string[] {
  const left = namesOf(judged.plan.root);
  return judged.jobs
    .filter((job) => isCurrent(judged, job))
    .flatMap((job) => {
      const at = left.indexOf(job.name);
      if (at < 0) return [`${print(job)} is one too many`];
      left.splice(at, 1);
      return [];
    });
}

const reasonsOf = (kept: readonly Found[]): string => kept.map(({ failureReason }) => failureReason).join(', ');

function jobProblems(judged: Judged, job: Found): string[] {
  const { plan, events, root } = judged;
  switch (job.state) {
    case 'done':
      return job.failureReason === undefined ? [] : [`${print(job)} has a failure`];
    case 'terminated':
      return mayBeTerminated(judged, job) ? [] : [`${print(job)} was terminated: ${job.failureMessage}`];
    case 'failed': {
      if (isCurrent(judged, job) && root.state === 'done') return [`${print(job)} failed in a tree that is done`];
      const bad = badJobOf(plan.root);
      const planned = bad !== undefined && bad.name === job.name ? [bad.ending] : [];
      const reasons: unknown[] = [...planned, ...(events.kills > 0 ? ['UnresponsiveWorker'] : [])];
      const mayFail: unknown[] =
        job.failureFrom === undefined || job.failureFrom.id === job.id ? reasons : ['JobTreeFailure'];
      return mayFail.includes(job.failureReason) ? [] : [`${print(job)} failed: ${job.failureMessage}`];
    }
    default:
      return [`${print(job)} has not ended`];
  }
}

/** Its user ended the tree, or it belonged to a try that was given up. */
function mayBeTerminated(judged: Judged, job: Found): boolean {
  const { root, events, tries, jobs } = judged;
  if (job.failureReason !== 'Terminated' || job.failureFrom !== undefined) return false;
  if (job.failureMessage === `The job was terminated by ${events.user}`) return root.state === 'terminated';
  const said = /^Try (\d+) of (job-\w+) was given up and starts again; this job belonged to it$/;
  const [, attempt, master] = said.exec(job.failureMessage ?? '') ?? [];
  if (attempt === undefined) return false;
  const isKept = tries.some((one) => one.id === master && one.try === Number(attempt));
  // A tree that ends while it restarts keeps the try that was given up as its last one.
  const isLast = root.state !== 'done' && jobs.some((one) => one.id === master && one.try === Number(attempt));
  return isKept || isLast;
}

/** True for a job of the present tries. All others were given up with a try above them. */
function isCurrent({ root, jobs }: Judged, job: Found): boolean {
  for (let at = job; at !== root; ) {
    const above = jobs.find(({ id }) => id === at.parentJob);
    if (above === undefined || at.parentJobTry !== above.try) return false;
    at = above;
  }
  return true;
}

/** All jobs of the plan are done, each once in the present tries, and a bad job not before its last bad try. */
function doneProblems(judged: Judged): string[] {
  const { plan, jobs, root } = judged;
  const current = jobs.filter((job) => isCurrent(judged, job));
  const [names, wanted] = [
    current
      .map(({ name }) => name)
      .sort()
      .join(', '),
    namesOf(plan.root).join(', '),
  ];
  const bad = badJobOf(plan.root);
  const master = bad && masterOf(plan.root, bad);
  const tries = current.find(({ name }) => name === master?.name)?.try ?? root.try;
  return [
    ...current.filter(({ state }) => state !== 'done').map((job) => `${print(job)} in a tree that is done`),
    ...(names === wanted ? [] : [`the jobs are ${names} instead of ${wanted}`]),
    ...(tries < (bad?.badTries ?? 0) ? [`${bad?.name} is done in try ${tries} of its master job`] : []),
  ];
}

function masterOf(above: MixedJob, job: MixedJob, nearest = above): MixedJob | undefined {
  if (above === job) return nearest;
  return above.children
    .map((child) => masterOf(child, job, child.master ? child : nearest))
    .find((one) => one !== undefined);
}

/** One job failed for the planned reason, and all others that failed with it name that job. */
function failedProblems(judged: Judged): string[] {
  const { plan, jobs, root, tries } = judged;
  const bad = badJobOf(plan.root);
  const current = jobs.filter((job) => isCurrent(judged, job));
  const causes = current.filter((job) => job.name === bad?.name && job.state === 'failed');
  const [cause] = causes;
  if (cause === undefined || causes.length > 1) return [`${causes.length} jobs ${bad?.name} failed`];
  const others = current.filter((job) => job !== cause && job.failureReason === 'JobTreeFailure');
  const strange = others.filter(({ failureFrom: from }) => from?.id !== cause.id || from.failureReason !== bad?.ending);
  const master = bad && masterOf(plan.root, bad);
  const masterId = current.find(({ name }) => name === master?.name)?.id;
  const planned = tries.filter((one) => one.id === masterId && one.failureReason === 'AppInternalError').length;
  const isSpent = bad?.ending !== 'AppInternalError' || planned === mostAppRestarts;
  return [
    ...(cause.failureReason === bad?.ending ? [] : [`${print(cause)} failed with ${cause.failureReason}`]),
    ...(root === cause || others.includes(root) ? [] : [`${print(root)} does not name the failure of ${cause.id}`]),
    ...strange.map((job) => `${print(job)} names ${job.failureFrom?.id} (${job.failureFrom?.failureReason})`),
    ...(isSpent ? [] : [`${print(cause)} failed after ${planned} restarts`]),
  ];
}

function print({ name, id, state, try: attempt, failureReason }: Found): string {
  return `${name} (${id}, try ${attempt}, ${state}${failureReason === undefined ? '' : `, ${failureReason}`})`;
}
