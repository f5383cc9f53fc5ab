// Measures time, processor and memory. Each load is measured above a bare spawn of the same command in the same run.

import { setTimeout as pause } from 'node:timers/promises';
import { createApplets } from './applet.ts';
import { measureBareSpawn } from './bare-spawn.ts';
import type { Options } from './option.ts';
import { type PlatformProcess, startPlatformProcess } from './platform-process.ts';
import { difference, type ProcessorTime, peakMemoryMb, processorTime } from './process-cost.ts';
import { measureQueue, type QueueTime } from './queue-time.ts';
import { measureTransfer, type TransferTime } from './transfer-time.ts';
import { type Stage, type Started, startChain, startEmptyJobs, startScatter, untilDone } from './workload.ts';

type Load = { readonly wallMs: number; readonly cpu: ProcessorTime };
type JobsTime = {
  readonly n: number;
  readonly wallMsPerJob: number;
  readonly cpuMsPerJob: number;
  /** The processor time per job and kind of process. The floor is not subtracted. */
  readonly cpu: ProcessorTime;
};
export type Times = {
  readonly jobs?: readonly JobsTime[];
  readonly chain?: { readonly hops: number; readonly wallMsPerHop: number };
  readonly scatter?: { readonly width: number; readonly wallMsPerJob: number };
  readonly queue?: QueueTime;
  readonly transfer?: TransferTime;
  readonly peakMemoryMb: number;
  /** From the start of the process, on a new data folder. */
  readonly startMs: number;
};

/** `say` gets a line about each measurement. */
export async function measureTimes(options: Options, say: (line: string) => void): Promise<Times> {
  const platform = await startPlatformProcess({ workers: workerCount, runtime: options.runtime });
  try {
    const stage: Stage = { client: platform.client, applets: await createApplets(platform.client) };
    say(`warm-up: ${warmUpJobCount} jobs`);
    await measureLoad(platform.pid, stage, () => startEmptyJobs(stage, warmUpJobCount));
    const jobs: JobsTime[] = [];
    for (const n of options.only.has('jobs') ? options.jobCounts : []) {
      say(`${n} independent jobs`);
      jobs.push(await measureJobs(platform.pid, stage, n));
    }
    const { hops, width, only } = options;
    return {
      ...(only.has('jobs') ? { jobs } : {}),
      ...(only.has('chain') ? { chain: await measureChain(platform.pid, stage, hops, say) } : {}),
      ...(only.has('scatter') ? { scatter: await measureScatter(platform.pid, stage, width, say) } : {}),
      ...(only.has('transfer') ? { transfer: await transfer(stage, options, say) } : {}),
      peakMemoryMb: peakMemoryMb(platform.pid),
      startMs: platform.startMs,
      // The platform is killed in it.
      ...(only.has('queue') ? { queue: await queue(platform, stage, options, say) } : {}),
    };
  } finally {
    await platform.stop();
  }
}

async function measureJobs(pid: number, stage: Stage, n: number): Promise<JobsTime> {
  const floor = await measureBareSpawn(n, workerCount);
  const { wallMs, cpu } = await measureLoad(pid, stage, () => startEmptyJobs(stage, n));
  const each = (ms: number) => ms / n;
  return {
    n,
    wallMsPerJob: wallMs / n - floor.wallMsPerJob,
    cpuMsPerJob: cpu.totalMs / n - floor.cpuMsPerJob,
    cpu: {
      platformMs: each(cpu.platformMs),
      databaseMs: each(cpu.databaseMs),
      workersMs: each(cpu.workersMs),
      totalMs: each(cpu.totalMs),
    },
  };
}

function transfer(stage: Stage, options: Options, say: (line: string) => void): Promise<TransferTime> {
  say(`a file of ${options.transferredBytes} bytes up and down`);
  return measureTransfer(stage, options);
}

function queue(
  platform: PlatformProcess,
  stage: Stage,
  options: Options,
  say: (line: string) => void,
): Promise<QueueTime> {
  say(`${options.queuedJobs} jobs that wait`);
  return measureQueue(platform, stage, workerCount, options);
}

async function measureChain(pid: number, stage: Stage, hops: number, say: (line: string) => void) {
  say(`a chain of ${hops}`);
  const floor = await measureBareSpawn(hops, 1);
  const { wallMs } = await measureLoad(pid, stage, () => startChain(stage, hops));
  return { hops, wallMsPerHop: wallMs / hops - floor.wallMsPerJob };
}

async function measureScatter(pid: number, stage: Stage, width: number, say: (line: string) => void) {
  say(`a scatter of ${width} with its gather`);
  const floor = await measureBareSpawn(width, workerCount);
  const { wallMs } = await measureLoad(pid, stage, () => startScatter(stage, width));
  return { width, wallMsPerJob: wallMs / width - floor.wallMsPerJob };
}

/** Wall time ends when the last job is done, processor time when all its consequences are done too. */
async function measureLoad(pid: number, stage: Stage, start: () => Promise<Started>): Promise<Load> {
  const before = processorTime(pid);
  const started = await start();
  const doneAt = await untilDone(stage, started);
  await untilQuiet(pid);
  return { wallMs: doneAt - started.at, cpu: difference(processorTime(pid), before) };
}

async function untilQuiet(pid: number): Promise<void> {
  const deadline = Date.now() + quietLimitMs;
  for (let last = processorTime(pid).totalMs; Date.now() < deadline; ) {
    await pause(quietWindowMs);
    const now = processorTime(pid).totalMs;
    if (now - last <= quietCpuMs) return;
    last = now;
  }
}

const workerCount = 2;
const warmUpJobCount = 10;
const quietWindowMs = 250;
/** Processor time of a window in which a platform only waits. */
const quietCpuMs = 40;
const quietLimitMs = 20_000;
