// Measures a platform in which many jobs wait: how fast they are accepted, the memory that they take, how fast one is
// described, and how soon the platform serves again after it was killed.

import { setTimeout as pause } from 'node:timers/promises';
import { inParallel } from './client.ts';
import type { Options } from './option.ts';
import type { PlatformProcess } from './platform-process.ts';
import { memoryMb, peakMemoryMb } from './process-cost.ts';
import { type Stage, startEmptyJobs, startSleepers } from './workload.ts';

export type QueueTime = {
  readonly queued: number;
  readonly runsPerSecond: number;
  readonly memoryMb: number;
  readonly peakMemoryMb: number;
  readonly describesPerSecond: number;
  readonly readyMs: number;
};

/** @param stage of a platform that may be killed */
export async function measureQueue(
  platform: PlatformProcess,
  stage: Stage,
  workers: number,
  { queuedJobs, calls }: Options,
): Promise<QueueTime> {
  const sleepers = await startSleepers(stage, workers);
  for (const job of sleepers.jobs) await untilRunning(stage, job);
  const acceptedIn = await secondsOf(() => startEmptyJobs(stage, queuedJobs));
  await pause(settleMs);
  const [memory, peak] = [memoryMb(platform.pid), peakMemoryMb(platform.pid)];
  const [asked] = sleepers.jobs;
  const describedIn = await secondsOf(() => inParallel(calls, () => stage.client.post(`/${asked}/describe`, {})));
  return {
    queued: queuedJobs,
    runsPerSecond: queuedJobs / acceptedIn,
    memoryMb: memory,
    peakMemoryMb: peak,
    describesPerSecond: calls / describedIn,
    readyMs: await platform.killAndStart(),
  };
}

async function untilRunning({ client }: Stage, job: string): Promise<void> {
  for (const deadline = Date.now() + startLimitMs; ; await pause(20)) {
    const { state } = await client.post(`/${job}/describe`, { fields: { state: true } });
    if (state === 'running') return;
    if (Date.now() > deadline) throw new Error(`${job} is ${state} after ${startLimitMs} ms instead of running`);
  }
}

async function secondsOf(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return (performance.now() - startedAt) / 1000;
}

const startLimitMs = 60_000;
/** The platform needs less time for the consequences of the last calls. */
const settleMs = 2_000;
