// The counts: what a run, a subjob and a wait use of the services that AWS charges for. Loads of the same kind and
// different sizes are subtracted from each other, and the platform's idle usage from both. Time is not measured here.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDynoxide } from '../emulation/database/dynoxide.ts';
import { createApplets } from './applet.ts';
import { type CapacityProxy, openCapacityProxy } from './capacity-proxy.ts';
import { combine, type KindUnits, type Reading, read, scale, unitsByKind, used } from './meter.ts';
import type { Options } from './option.ts';
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts';
import type { Usage } from './price.ts';
import {
  type Stage,
  type Started,
  startChain,
  startEmptyJobs,
  startFreeLinks,
  startScatter,
  untilDone,
} from './workload.ts';

export type Counts = {
  readonly perRun: Usage;
  readonly perSubjob: Usage;
  readonly perWait: Usage;
  /** The usage of an hour in which nothing is asked. */
  readonly perIdleHour: Usage;
  readonly unitsPerRun: { readonly reads: KindUnits; readonly writes: KindUnits };
  readonly unitsPerSubjob: { readonly reads: KindUnits; readonly writes: KindUnits };
};

type Bench = { readonly platform: PlatformProcess; readonly proxy: CapacityProxy; readonly stage: Stage };
type Counted = { readonly before: Reading; readonly after: Reading };

export async function measureCounts(options: Options, say: (line: string) => void): Promise<Counts> {
  const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-rows-'));
  const engine = await startDynoxide(join(folder, 'rows.sqlite'), (reason) => say(reason));
  const proxy = await openCapacityProxy(engine.port);
  let platform: PlatformProcess | undefined;
  try {
    platform = await startPlatformProcess({ workers: workerCount, runtime: 'deployed', dynamoUrl: proxy.url });
    const stage: Stage = { client: platform.client, applets: await createApplets(platform.client) };
    return await countLoads({ platform, proxy, stage }, options.countedJobs, say);
  } finally {
    await platform?.stop();
    await proxy.close();
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function countLoads(bench: Bench, count: number, say: (line: string) => void): Promise<Counts> {
  const { stage } = bench;
  say(`counting: warm-up, then ${idleMs / 1000} idle seconds`);
  await countLoad(bench, warmUpJobCount, () => startEmptyJobs(stage, warmUpJobCount));
  const idle = await countIdle(bench);
  const net = (counted: Counted) =>
    combine(used(counted.before, counted.after), idle, (one, two) => {
      return one - two * (counted.after.at - counted.before.at);
    });
  const minus = (one: Usage, two: Usage) => combine(one, two, (left, right) => left - right);

  say(`counting: ${count} runs`);
  const runs = await countLoad(bench, count, () => startEmptyJobs(stage, count));
  say(`counting: a tree with ${count} subjobs and one without`);
  const lone = await countLoad(bench, 1, () => startScatter(stage, 0, false));
  const tree = await countLoad(bench, count + 1, () => startScatter(stage, count, false));
  say(`counting: a chain of ${count + 1}, and as many runs that do not wait`);
  const free = await countLoad(bench, count + 1, () => startFreeLinks(stage, count + 1));
  const chain = await countLoad(bench, count + 1, () => startChain(stage, count + 1));
  return {
    perRun: scale(net(runs), 1 / count),
    perSubjob: scale(minus(net(tree), net(lone)), 1 / count),
    perWait: scale(minus(net(chain), net(free)), 1 / count),
    perIdleHour: scale(idle, 3_600_000),
    unitsPerRun: unitsByKind(runs.before, runs.after, count),
    unitsPerSubjob: unitsByKind(tree.before, tree.after, count),
  };
}

/** Usage per millisecond. */
async function countIdle({ platform, proxy }: Bench): Promise<Usage> {
  const before = await read(platform, proxy);
  await pause(idleMs);
  const after = await read(platform, proxy);
  return scale(used(before, after), 1 / (after.at - before.at));
}

/** Only the load itself calls the platform between the two readings. */
async function countLoad(bench: Bench, jobs: number, start: () => Promise<Started>): Promise<Counted> {
  const { platform, proxy, stage } = bench;
  const before = await read(platform, proxy);
  const started = await start();
  const transitions = (before.counts.transitions ?? 0) + jobs * statesPerJob;
  await untilQuiet(platform, proxy, transitions);
  const after = await read(platform, proxy);
  // Throws when a job did not end as it should.
  await untilDone(stage, started);
  return { before, after };
}

/** Waits until this many states were entered and nothing has been written for a while. */
async function untilQuiet(platform: PlatformProcess, proxy: CapacityProxy, transitions: number): Promise<void> {
  const deadline = Date.now() + settleLimitMs;
  let written = -1;
  for (let quietSince = Date.now(); Date.now() < deadline; await pause(lookMs)) {
    const { writeUnits } = proxy.units();
    if (writeUnits !== written || ((await platform.counts()).transitions ?? 0) < transitions) quietSince = Date.now();
    written = writeUnits;
    if (Date.now() - quietSince > quietMs) return;
  }
  throw new Error(`the platform was not quiet within ${settleLimitMs} ms`);
}

const workerCount = 2;
const warmUpJobCount = 3;
/** The schedule fires once in this time. */
const idleMs = 60_000;
/** Every job is launched once: RunWorker and Finalise. */
const statesPerJob = 2;
const quietMs = 2_500;
const lookMs = 100;
const settleLimitMs = 300_000;
