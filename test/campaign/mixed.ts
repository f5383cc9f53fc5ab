// Runs mixed trees, several at once, while the platform or one worker gets SIGKILL at random moments. Each tree must end
// as its oracle says, and at the end nothing may be left that belongs to nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isTerminal, type JobState, jobStates } from '../../core/job/state.ts';
import { givenPlatform, type Platform } from '../wire/session.ts';
import { type Client, connect, pause } from './client.ts';
import { killEverything, signalProcess } from './kill-process.ts';
import { createMixedApplet, mostKills, numberOf, textsOf } from './mixed-applet.ts';
import { type Found, problemsOfTree } from './mixed-oracle.ts';
import { factsOf, kinds, planTree, type TreeKind, type TreePlan } from './mixed-tree.ts';
import { processesOf, type WorkerProcess, watchOverlaps } from './process-watch.ts';
import { orphansOf } from './remains.ts';

type Stage = {
  readonly random: () => number;
  readonly data: string;
  readonly project: string;
  readonly applet: string;
  readonly user: string;
  platform: Platform;
  client: Client;
  readonly open: Set<OpenTree>;
  readonly tally: Map<string, number>;
  /** Kinds that the next trees get, so that all are used equally often. */
  readonly queue: TreeKind[];
  kills: number;
  problems: number;
};
type OpenTree = {
  readonly plan: TreePlan;
  readonly root: string;
  readonly startedAt: number;
  lastKillAt: number;
  kills: number;
  wasHeld: boolean;
  /** When its user acts next. */
  actAt: number | undefined;
  stateAtTermination: string | undefined;
};

/** Returns the number of problems. */
export async function killMixedTrees(kills: number, random: () => number): Promise<number> {
  if (kills === 0) return 0;
  const data = mkdtempSync(join(tmpdir(), 'espalier-mixed-'));
  const watch = watchOverlaps(data);
  const stage = await prepare(data, random);
  const begun = Date.now();
  try {
    await live(stage, kills);
    await stage.platform.stop();
    const seconds = Math.round((Date.now() - begun) / 1000);
    const found = [
      ...processesOf(data).map(({ pid }) => `process ${pid} outlives its platform`),
      ...[...watch.overlaps].map((overlap) => `two tries at once: ${overlap}`),
      ...(await orphansOf(data)),
    ];
    for (const problem of found) console.log(`FAIL ${problem}`);
    console.log(Object.fromEntries([...stage.tally].sort()));
    const problems = stage.problems + found.length;
    console.log(`mixed trees: ${stage.kills} kills in ${seconds} s, ${problems} problems, orphans looked for`);
    return problems;
  } finally {
    watch.stop();
    killEverything(stage.platform);
    rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function prepare(data: string, random: () => number): Promise<Stage> {
  const platform = await givenPlatform({ data, args: startOptions });
  const client = await connect(platform);
  const project = String((await client.post('/project/new', { name: 'mixed trees' })).id);
  const applet = await createMixedApplet(client, project);
  const user = String((await client.post('/system/whoami', {})).id);
  const fixed = { random, data, project, applet, user, open: new Set<OpenTree>(), tally: new Map(), queue: [] };
  return { ...fixed, platform, client, kills: 0, problems: 0 };
}

/** Starts trees and kills until there were enough kills, then waits for the ends of the last trees. */
async function live(stage: Stage, kills: number): Promise<void> {
  let killAt = Date.now() + nextPause(stage);
  while (stage.kills < kills || stage.open.size > 0) {
    while (stage.kills < kills && stage.open.size < width) stage.open.add(await startTree(stage));
    for (const tree of [...stage.open]) await look(stage, tree);
    if (stage.kills < kills && Date.now() >= killAt && (await killSomething(stage))) {
      killAt = Date.now() + nextPause(stage);
    }
    await pause(pollMs);
  }
}

/** A tree whose policy has no room for another kill must come to its end first. */
const isSpent = (tree: OpenTree): boolean => tree.kills >= mostKills;
const hasSpent = ({ open }: Stage): boolean => [...open].some(isSpent);

const nextPause = ({ random }: Stage): number => Math.floor(random() * longestPauseMs);

async function startTree(stage: Stage): Promise<OpenTree> {
  const { random, queue, client } = stage;
  if (queue.length === 0) queue.push(...(Object.keys(kinds) as TreeKind[]));
  const [kind = 'good'] = queue.splice(Math.floor(random() * queue.length), 1);
  const number = count(stage, 'trees');
  const plan = planTree(kind, `${kind}-${number}`, random);
  const { id } = await client.post(`/${stage.applet}/run`, {
    project: stage.project,
    folder: `/${plan.root.name}`,
    name: plan.root.name,
    nonce: `mixed ${number}`,
    input: { plan: plan.root, applet: stage.applet },
    ...plan.options,
  });
  const { user, isHeld } = factsOf(kind);
  const actAt = user === 'terminate' && !isHeld ? Date.now() + nextPause(stage) * 2 : undefined;
  const fresh = { kills: 0, wasHeld: false, stateAtTermination: undefined };
  return { ...fresh, plan, root: String(id), startedAt: Date.now(), lastKillAt: Date.now(), actAt };
}

/** Lets the user of a tree act if it is time, and judges the tree if it has ended. */
async function look(stage: Stage, tree: OpenTree): Promise<void> {
  const state = await stateOf(stage, tree.root);
  // A root that only waited ends at once. Jobs below it may still be stopping then.
  const isOver = isEnd(state) && (await openJobOf(stage, tree, openStates)) === undefined;
  if (isOver || Date.now() - tree.lastKillAt > treeLimitMs) return judge(stage, tree);
  if (isEnd(state)) return;
  const { isHeld, user } = factsOf(tree.plan.kind);
  const held = isHeld ? await openJobOf(stage, tree, ['debug_hold']) : undefined;
  if (held !== undefined && tree.actAt === undefined) {
    tree.wasHeld = true;
    tree.actAt = Date.now() + nextPause(stage);
  } else if (tree.actAt !== undefined && Date.now() >= tree.actAt && tree.stateAtTermination === undefined) {
    if (user === 'terminate') await terminate(stage, tree);
    // A held job may have ended by a kill meanwhile. The next try is held again.
    else if (held !== undefined) await release(stage, held);
    tree.actAt = undefined;
  }
}

async function release(stage: Stage, held: string): Promise<void> {
  try {
    await stage.client.post(`/${held}/release`, {});
    count(stage, 'releases');
  } catch (error) {
    // Its try may have been given up between the look and this call.
    if (!/InvalidState/.test((error as Error).message)) throw error;
    count(stage, 'releases that came too late');
  }
}

/** One termination in three is cut off by a kill of the platform, and then repeated. */
async function terminate(stage: Stage, tree: OpenTree): Promise<void> {
  if (stage.random() < cutOffChance && !hasSpent(stage)) {
    const cutOff = stage.client.post(`/${tree.root}/terminate`, {}).catch((error: Error) => error);
    await pause(stage.random() * longestCallMs);
    await killPlatform(stage, 'while a tree was being terminated');
    // The interrupted call would go on trying. It ends with the platform's first answer.
    void cutOff;
  }
  await stage.client.post(`/${tree.root}/terminate`, {});
  tree.stateAtTermination = await stateOf(stage, tree.root);
  count(stage, 'terminations');
}

/** Returns false when every kill would be one too many for some tree. */
async function killSomething(stage: Stage): Promise<boolean> {
  const isWorker = stage.random() < workerChance || hasSpent(stage);
  if (isWorker && (await killWorker(stage))) return true;
  if (hasSpent(stage)) return false;
  await killPlatform(stage, `with ${stage.open.size} trees`);
  return true;
}

/** Kills a worker of an open tree that has room for it. Returns false when there is none. */
async function killWorker(stage: Stage): Promise<boolean> {
  const workers = processesOf(stage.data).filter(({ workerOf }) => workerOf !== undefined);
  while (workers.length > 0) {
    const [chosen] = workers.splice(Math.floor(stage.random() * workers.length), 1);
    const { originJob } = await stage.client.post(`/${chosen?.workerOf}/describe`, { fields: { originJob: true } });
    const tree = [...stage.open].find(({ root }) => root === originJob);
    if (chosen === undefined || tree === undefined || isSpent(tree) || !killHolder(stage, chosen)) continue;
    noteKill(stage, `worker of ${chosen.workerOf}`, [tree]);
    return true;
  }
  return false;
}

/**
 * Kills a worker that still holds the job that it was seen with. A kept worker may have taken another one meanwhile, so it
 * is halted for the look.
 */
function killHolder({ data }: Stage, { pid, workerOf }: WorkerProcess): boolean {
  if (!signalProcess(pid, 'SIGSTOP')) return false;
  const isSame = processesOf(data).some((one) => one.pid === pid && one.workerOf === workerOf);
  return signalProcess(pid, isSame ? 'SIGKILL' : 'SIGCONT') && isSame;
}

async function killPlatform(stage: Stage, what: string): Promise<void> {
  killEverything(stage.platform);
  noteKill(stage, `platform ${what}`, [...stage.open]);
  stage.platform = await givenPlatform({ data: stage.data, args: startOptions });
  stage.client = stage.client.at(stage.platform.url);
}

/** `trees`: those that may have lost a worker. */
function noteKill(stage: Stage, what: string, trees: readonly OpenTree[]): void {
  stage.kills += 1;
  for (const tree of trees) {
    tree.kills += 1;
    tree.lastKillAt = Date.now();
  }
  count(stage, `kills of a ${what.split(' ')[0]}`);
  console.log(`kill ${stage.kills}: ${what}`);
}

async function judge(stage: Stage, tree: OpenTree): Promise<void> {
  const { plan, root } = tree;
  const found = await stage.client.post('/system/findExecutions', {
    originJob: [root],
    includeRestarted: true,
    describe: { io: false },
    limit: 1000,
  });
  const jobs = (found.results as { describe: Found }[]).map((one) => one.describe);
  const state = jobs.find(({ id, state: one }) => id === root && one !== 'restarted')?.state;
  const problems = problemsOfTree(plan, { ...tree, user: stage.user }, jobs, root);
  if (state === 'done') problems.push(...(await outputProblems(stage, tree)));
  stage.open.delete(tree);
  stage.problems += problems.length;
  count(stage, `${plan.kind} ${state}`);
  count(stage, 'jobs', jobs.length);
  count(stage, 'restarts', jobs.filter((job) => job.state === 'restarted').length);
  const seconds = Math.round((Date.now() - tree.startedAt) / 1000);
  console.log(
    `${problems.length > 0 ? 'FAIL' : 'ok  '} ${plan.root.name} ${root}: ${state}, ${tree.kills} kills, ${seconds} s`,
  );
  for (const problem of problems) console.log(`  ${problem}`);
  if (problems.length > 0) for (const line of linesOf(tree, jobs)) console.log(`  ${line}`);
}

/** What is needed to understand a tree that ended wrongly. */
function linesOf({ plan, ...events }: OpenTree, jobs: readonly Found[]): string[] {
  return [JSON.stringify(plan), JSON.stringify(events), ...jobs.map((job) => JSON.stringify(job, fieldsShown))];
}

/** The number and the files that a tree which is done must have returned. */
async function outputProblems({ client }: Stage, { plan, root }: OpenTree): Promise<string[]> {
  const { output } = (await client.post(`/${root}/describe`, {})) as {
    output: { n: number; files: { $dnanexus_link: string }[] };
  };
  const texts: string[] = [];
  for (const { $dnanexus_link: file } of output.files) texts.push(String(await client.download(file)));
  const [returned, wanted] = [texts.sort().join(', '), textsOf(plan.root).join(', ')];
  return [
    ...(output.n === numberOf(plan.root) ? [] : [`the number is ${output.n} instead of ${numberOf(plan.root)}`]),
    ...(returned === wanted ? [] : [`the files hold "${returned}" instead of "${wanted}"`]),
  ];
}

/** A job of the tree that is in one of the states. */
async function openJobOf({ client }: Stage, { root }: OpenTree, state: readonly string[]): Promise<string | undefined> {
  const { results } = await client.post('/system/findExecutions', { originJob: [root], state, limit: 1 });
  return (results as { id: string }[])[0]?.id;
}

async function stateOf({ client }: Stage, job: string): Promise<string> {
  return String((await client.post(`/${job}/describe`, { fields: { state: true } })).state);
}

/** Adds to a figure, and returns what it was before. */
function count({ tally }: Stage, what: string, by = 1): number {
  const before = tally.get(what) ?? 0;
  tally.set(what, before + by);
  return before;
}

const fieldsShown = [
  ...['id', 'name', 'state', 'try', 'parentJob', 'parentJobTry', 'failureReason', 'failureMessage', 'failureFrom'],
  ...['stateTransitions', 'newState', 'setAt', 'waitsForWorker'],
];
const isEnd = (state: string): boolean => !openStates.includes(state as JobState);
const openStates = (Object.keys(jobStates) as JobState[]).filter((state) => !isTerminal(state));
/** Trees that run at once. */
const width = 8;
const startOptions = ['--workers', '6'];
const workerChance = 0.5;
const cutOffChance = 0.33;
const longestPauseMs = 2_000;
const longestCallMs = 150;
const pollMs = 300;
/** From the last kill to the end of a tree. */
const treeLimitMs = 240_000;
