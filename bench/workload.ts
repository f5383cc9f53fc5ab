// The loads: independent jobs, a chain, a scatter with its gather. Times come from the jobs' own rows, so polling costs
// little and its pace does not matter.

import { setTimeout as pause } from 'node:timers/promises';
import { isTerminal, type JobState, jobStates } from '../core/job/state.ts';
import type { Applets } from './applet.ts';
import { type Client, inParallel } from './client.ts';

export type Stage = { readonly client: Client; readonly applets: Applets };
/** Jobs that a user started, in the order of their start. */
export type Started = { readonly at: number; readonly jobs: readonly string[] };

type Described = {
  readonly state: string;
  readonly stateTransitions: readonly { readonly newState: string; readonly setAt: number }[];
};

export async function startEmptyJobs(stage: Stage, count: number): Promise<Started> {
  const at = Date.now();
  return { at, jobs: await inParallel(count, () => run(stage, stage.applets.empty, {})) };
}

/** Jobs that hold the workers, so that later ones wait. */
export async function startSleepers(stage: Stage, count: number): Promise<Started> {
  const at = Date.now();
  return { at, jobs: await inParallel(count, () => run(stage, stage.applets.sleeper, {})) };
}

/** Jobs that take a number and return one. They do not wait for each other. */
export async function startFreeLinks(stage: Stage, count: number): Promise<Started> {
  const at = Date.now();
  return { at, jobs: await inParallel(count, (index) => run(stage, stage.applets.link, { n: index })) };
}

/** The same, but each job waits for the number of the one before. */
export async function startChain(stage: Stage, count: number): Promise<Started> {
  const at = Date.now();
  const jobs: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const job = jobs.at(-1);
    const n = job === undefined ? 0 : { $dnanexus_link: { job, field: 'n' } };
    jobs.push(await run(stage, stage.applets.link, { n }));
  }
  return { at, jobs };
}

export async function startScatter(stage: Stage, width: number, gather = true): Promise<Started> {
  const at = Date.now();
  return { at, jobs: [await run(stage, stage.applets.scatter, { width, gather })] };
}

/**
 * Waits until all are done. Returns the time at which the last one was. @throws Error when a job ended in another way.
 */
export async function untilDone(stage: Stage, started: Started): Promise<number> {
  const deadline = Date.now() + waitLimitMs;
  const last = started.jobs.at(-1);
  // The last job is likely to end last, so one cheap look at it is enough most of the time.
  for (let pollMs = 20; last !== undefined; pollMs = Math.min(pollMs * 1.5, longestPollMs)) {
    const { state } = await stage.client.post(`/${last}/describe`, { fields: { state: true } });
    if (!(unfinishedStates as readonly unknown[]).includes(state)) break;
    await waitBefore(deadline, pollMs);
  }
  const find = { project: stage.applets.project, created: { after: started.at - 1 } };
  for (;;) {
    const open = await stage.client.post('/system/findExecutions', { ...find, state: unfinishedStates, limit: 1 });
    if ((open.results as unknown[]).length === 0) break;
    await waitBefore(deadline, longestPollMs);
  }
  return endOf(stage, started);
}

async function waitBefore(deadline: number, pollMs: number): Promise<void> {
  if (Date.now() > deadline) throw new Error(`jobs were not done within ${waitLimitMs} ms`);
  await pause(pollMs);
}

async function endOf({ client, applets }: Stage, started: Started): Promise<number> {
  const ends: number[] = [];
  for (let from = 0; from < started.jobs.length; from += pageSize) {
    const { results } = await client.post('/system/findExecutions', {
      project: applets.project,
      id: started.jobs.slice(from, from + pageSize),
      describe: { fields: { state: true, stateTransitions: true } },
      limit: pageSize,
    });
    for (const { describe } of results as { describe: Described }[]) ends.push(doneAt(describe));
  }
  if (ends.length !== started.jobs.length) throw new Error(`${ends.length} of ${started.jobs.length} jobs were found`);
  return Math.max(...ends);
}

function doneAt({ state, stateTransitions }: Described): number {
  const done = stateTransitions.find(({ newState }) => newState === 'done');
  if (state !== 'done' || !done) throw new Error(`a job is ${state} instead of done`);
  return done.setAt;
}

async function run({ client, applets }: Stage, applet: string, input: object): Promise<string> {
  return String((await client.post(`/${applet}/run`, { project: applets.project, input })).id);
}

const unfinishedStates = (Object.keys(jobStates) as JobState[]).filter((state) => !isTerminal(state));
const waitLimitMs = 1_800_000;
const longestPollMs = 200;
const pageSize = 1000;
