// Runs analyses. During each, platform, database and workers get SIGKILL once, at a random moment. After the restart the
// analysis must end with the right output, or fail as its stages do, and nothing may be left that belongs to nothing.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenPlatform, type Platform } from '../wire/session.ts';
import { type Client, connect, pause } from './client.ts';
import { killEverything } from './kill-process.ts';
import { createMixedApplet, type MixedJob, numberOf } from './mixed-applet.ts';
import { planTree } from './mixed-tree.ts';
import { processesOf, watchOverlaps } from './process-watch.ts';
import { orphansOf } from './remains.ts';

type Stage = { readonly client: Client; readonly project: string; readonly applet: string; readonly workflow: string };
/** The trees of the stages, by the names of their inputs. */
type Plans = { readonly [stage in (typeof stageNames)[number]]: MixedJob };
type Execution = { readonly state: string; readonly failureReason?: string; readonly stages?: readonly Part[] };
type Part = { readonly id: string; readonly execution: Execution };

/** Returns the number of problems. */
export async function killAnalyses(kills: number, random: () => number): Promise<number> {
  if (kills === 0) return 0;
  const data = mkdtempSync(join(tmpdir(), 'espalier-analyses-'));
  const watch = watchOverlaps(data);
  let platform = await givenPlatform({ data, args: startOptions });
  try {
    let stage = await prepare(platform);
    let problems = 0;
    for (let number = 1, late = 0; number <= kills && late <= kills; ) {
      const isBroken = random() < brokenChance;
      const plans = planStages(`analysis-${number}-${late}`, isBroken, random);
      const id = await start(stage, plans, `kill ${number} ${late}`);
      const delayMs = Math.floor(random() * longestDelayMs);
      await pause(delayMs);
      const before = await stateOf(stage.client, id);
      killEverything(platform);
      platform = await givenPlatform({ data, args: startOptions });
      stage = { ...stage, client: stage.client.at(platform.url) };
      const found = [...(await awaitEnd(stage.client, id)), ...(await problemsOf(stage, id, plans, isBroken))];
      const isLate = isEnd(before);
      const word = found.length > 0 ? 'FAIL' : isLate ? 'late' : 'ok  ';
      console.log(`${word} analysis ${number} ${id} killed after ${delayMs} ms while ${before} ${found.join('; ')}`);
      problems += found.length;
      // A kill after the end proves too little. Another analysis takes its place.
      if (isLate && found.length === 0) late += 1;
      else number += 1;
    }
    await platform.stop();
    const left = [
      ...processesOf(data).map(({ pid }) => `process ${pid} outlives its platform`),
      ...[...watch.overlaps].map((overlap) => `two tries at once: ${overlap}`),
      ...(await orphansOf(data)),
    ];
    for (const problem of left) console.log(`FAIL ${problem}`);
    console.log(`analyses: ${kills} kills, ${problems + left.length} problems, orphans looked for`);
    return problems + left.length;
  } finally {
    watch.stop();
    killEverything(platform);
    rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function prepare(on: Platform): Promise<Stage> {
  const client = await connect(on);
  const project = String((await client.post('/project/new', { name: 'analyses' })).id);
  const applet = await createMixedApplet(client, project);
  const step = (id: string, ...needs: readonly string[]) => {
    return { id, executable: applet, input: { applet, given: needs.map(numberLink) } };
  };
  const inner = String((await client.post('/workflow/new', { project, stages: [step('x'), step('y', 'x')] })).id);
  await client.post(`/${inner}/close`, {});
  const below = { id: 'sub', executable: inner };
  const last = { id: 'last', executable: applet, input: { applet, given: [numberLink('b'), subLink] } };
  const stages = [step('a'), step('b', 'a'), below, last, step('alone')];
  const workflow = String((await client.post('/workflow/new', { project, name: 'killed', stages })).id);
  return { client, project, applet, workflow };
}

function planStages(name: string, isBroken: boolean, random: () => number): Plans {
  const plan = (stage: string) =>
    planTree(isBroken && stage === 'sub.x' ? 'broken' : 'good', `${name}.${stage}`, random).root;
  return Object.fromEntries(stageNames.map((stage) => [stage, plan(stage)])) as Plans;
}

async function start({ client, project, workflow }: Stage, plans: Plans, nonce: string): Promise<string> {
  const input = Object.fromEntries(Object.entries(plans).map(([stage, plan]) => [`${stage}.plan`, plan]));
  return String((await client.post(`/${workflow}/run`, { project, input, nonce, folder: `/${nonce}` })).id);
}

async function stateOf(client: Client, id: string): Promise<string> {
  return String((await client.post(`/${id}/describe`, { fields: { state: true } })).state);
}

/** A sentence if it does not end in time. */
async function awaitEnd(client: Client, id: string): Promise<string[]> {
  for (const deadline = Date.now() + endLimitMs; Date.now() < deadline; await pause(pollMs)) {
    if (isEnd(await stateOf(client, id))) return [];
  }
  return [`${await stateOf(client, id)} after ${endLimitMs} ms`];
}

async function problemsOf({ client }: Stage, id: string, plans: Plans, isBroken: boolean): Promise<string[]> {
  const described = (await client.post(`/${id}/describe`, {})) as Execution & { readonly output: object | null };
  const states = statesOf(described);
  const wanted = isBroken ? brokenStates : doneStates;
  const problems = states === wanted ? [] : [`the states are ${states} instead of ${wanted}`];
  const output = described.output as { readonly [name: string]: unknown } | null;
  if (isBroken || output === null) return problems;
  const number = (stage: keyof Plans, ...given: number[]) => numberOf(plans[stage], given);
  const b = number('b', number('a'));
  const last = number('last', b, number('sub.y', number('sub.x')));
  if (output['last.n'] !== last) problems.push(`the number is ${output['last.n']} instead of ${last}`);
  const jobs = await client.post('/system/findExecutions', {
    rootExecution: [id],
    describe: { fields: { state: true } },
    limit: 1000,
  });
  const open = (jobs.results as { id: string; describe: Execution }[]).filter((one) => one.describe.state !== 'done');
  return [...problems, ...open.map((one) => `${one.id} is ${one.describe.state}`)];
}

/** For example `done(done failed(failed failed) …)`. */
function statesOf({ state, failureReason, stages }: Execution): string {
  const below = stages?.map(({ execution }) => statesOf(execution)).join(' ');
  const why = failureReason === 'DependencyUnsatisfiable' ? '-' : '';
  return below === undefined ? `${state}${why}` : `${state}(${below})`;
}

function numberLink(stage: string) {
  return { $dnanexus_link: { stage, outputField: 'n' } };
}

const isEnd = (state: string): boolean => ['done', 'failed', 'terminated'].includes(state);
const subLink = { $dnanexus_link: { stage: 'sub', outputField: 'y.n' } };
const stageNames = ['a', 'b', 'sub.x', 'sub.y', 'last', 'alone'] as const;
const doneStates = 'done(done done done(done done) done done)';
/** The first stage of the inner workflow is broken. What needs it fails by dependency, and the others are done. */
const brokenStates = 'failed(done done failed(failed failed-) failed- done)';
const startOptions = ['--workers', '6'];
const brokenChance = 0.3;
const longestDelayMs = 5_000;
const endLimitMs = 240_000;
const pollMs = 300;
