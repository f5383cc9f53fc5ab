// Runs demo trees. In each, platform, database and workers get SIGKILL once, at a random moment between the answer of
// `run` and the end of the root. After the restart the summary must be the same, each job must be done once in the one
// workspace, two tries must never run at once, and no process may be left.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenPlatform, type Platform } from '../wire/session.ts';
import { buildExample, type Client, connect, pause, sha256 } from './client.ts';
import { killEverything } from './kill-process.ts';
import { processesOf, watchOverlaps } from './process-watch.ts';

type Stage = { readonly client: Client; readonly project: string; readonly applet: string; readonly reads: string[] };
type Job = {
  readonly id: string;
  readonly state: string;
  readonly try: number;
  readonly parentJob: string | null;
  readonly workspace: string;
  readonly failureMessage?: string;
};

/** Returns the number of trees that failed, and of things that were found beside them. */
export async function killDemoTrees(trees: number, random: () => number): Promise<number> {
  if (trees === 0) return 0;
  const data = mkdtempSync(join(tmpdir(), 'espalier-kill-'));
  const watch = watchOverlaps(data);
  let platform = await givenPlatform({ data });
  try {
    let stage = await prepare(platform);
    const undisturbed = Date.now();
    const expected = await summaryOf(stage, await runTree(stage, 'undisturbed'));
    const usualMs = Date.now() - undisturbed;
    console.log(`undisturbed: ${usualMs} ms, summary ${expected.slice(0, 16)}`);
    let passed = 0;
    let late = 0;
    for (let tree = 1; tree <= trees && late <= lateLimit * trees; ) {
      const root = await start(stage, `kill-${random()}`);
      const delayMs = Math.floor(random() * usualMs);
      await pause(delayMs);
      const before = await stateOf(stage.client, root);
      killEverything(platform);
      platform = await givenPlatform({ data });
      stage = { ...stage, client: stage.client.at(platform.url) };
      await finished(stage.client, root);
      const problems = await problemsOf(stage, root, expected);
      console.log(
        `${problems.length > 0 ? 'FAIL' : before === 'done' ? 'late' : 'ok  '} tree ${tree} ${root} killed after ${delayMs} ms while ${before} ${problems.join('; ')}`,
      );
      // A kill after the end proves too little. The tree is checked, but another tree takes its place.
      if (before === 'done' && problems.length === 0) late += 1;
      else {
        tree += 1;
        if (problems.length === 0) passed += 1;
      }
    }
    await platform.stop();
    const left = processesOf(data);
    if (left.length > 0) console.log(`FAIL processes left: ${left.map((one) => one.pid).join(', ')}`);
    if (watch.overlaps.size > 0) console.log(`FAIL two tries at once: ${[...watch.overlaps].join('; ')}`);
    const failed = trees - passed + (left.length > 0 ? 1 : 0) + (watch.overlaps.size > 0 ? 1 : 0);
    console.log(`demo trees: ${passed} passed, ${failed} failed`);
    return failed;
  } finally {
    watch.stop();
    killEverything(platform);
    rmSync(data, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function prepare(on: Platform): Promise<Stage> {
  const client = await connect(on);
  const { id } = await client.post('/project/new', { name: 'kill campaign' });
  const project = String(id);
  const applet = await buildExample(client, project, 'examples/fastq-stats');
  const reads: string[] = [];
  for (const end of [1, 2]) {
    const name = `ERR127302_${end}_subset.fastq.gz`;
    reads.push(await client.upload(project, name, readFileSync(join('examples/data/reads', name))));
  }
  return { client, project, applet, reads };
}

async function start(stage: Stage, nonce: string): Promise<string> {
  const input = { reads: stage.reads.map((id) => ({ $dnanexus_link: id })), reads_per_part: 10_000 };
  const { id } = await stage.client.post(`/${stage.applet}/run`, {
    project: stage.project,
    input,
    nonce,
    folder: '/results',
  });
  return String(id);
}

async function runTree(stage: Stage, label: string): Promise<string> {
  const root = await start(stage, label);
  const state = await finished(stage.client, root);
  if (state !== 'done') throw new Error(`the ${label} tree ended ${state}`);
  return root;
}

async function stateOf(client: Client, job: string): Promise<string> {
  return String((await client.post(`/${job}/describe`, { fields: { state: true } })).state);
}

async function finished(client: Client, root: string): Promise<string> {
  const deadline = Date.now() + treeLimitMs;
  for (;;) {
    const state = await stateOf(client, root);
    if (['done', 'failed', 'terminated'].includes(state)) return state;
    if (Date.now() > deadline) return `${state} after ${treeLimitMs} ms`;
    await pause(pollMs);
  }
}

async function summaryOf(stage: Stage, root: string): Promise<string> {
  const { output } = (await stage.client.post(`/${root}/describe`, {})) as {
    output: { summary: { $dnanexus_link: string } };
  };
  return sha256(await stage.client.download(output.summary.$dnanexus_link));
}

async function jobsOf(stage: Stage, root: string, includeRestarted: boolean): Promise<Job[]> {
  const found = await stage.client.post('/system/findExecutions', {
    originJob: [root],
    includeRestarted,
    describe: { io: false },
    limit: 1000,
  });
  return (found.results as { describe: Job }[]).map((one) => one.describe);
}

async function problemsOf(stage: Stage, root: string, expected: string): Promise<string[]> {
  const described = (await stage.client.post(`/${root}/describe`, {})) as unknown as Job;
  if (described.state !== 'done') return [`root is ${described.state}: ${described.failureMessage ?? ''}`];
  const problems: string[] = [];
  if ((await summaryOf(stage, root)) !== expected) problems.push('another summary');
  const current = await jobsOf(stage, root, false);
  const unfinished = current.filter((job) => job.state !== 'done');
  if (unfinished.length > 0) problems.push(`not done: ${unfinished.map((job) => `${job.id} ${job.state}`).join(', ')}`);
  if (current.length !== 6) problems.push(`${current.length} jobs in the tree instead of 6`);
  const workspaces = new Set(current.map((job) => job.workspace));
  if (workspaces.size !== 1) problems.push(`${workspaces.size} workspaces`);
  const done = (await jobsOf(stage, root, true)).filter((job) => job.state === 'done').map((job) => job.id);
  if (new Set(done).size !== done.length) problems.push('a job is done twice');
  return problems;
}

const treeLimitMs = 180_000;
const pollMs = 100;
/** The most kills that may come too late, for each tree that counts. */
const lateLimit = 2;
