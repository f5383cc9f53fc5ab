// Prints the figures as tables for people, or as one JSON object with which later runs are compared.

import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { type Figures, judge } from './goal.ts';
import type { KindUnits } from './meter.ts';
import { dollarsPer1000, priceNote, type Usage } from './price.ts';

/** The object of `--json`. Parts that were not measured are absent. */
export function asObject({ runtime, times, peers, counts }: Figures): object {
  return {
    runtime,
    machine: machine(),
    ...(times && {
      ...(times.jobs && { jobs: times.jobs.map(({ cpu: _, ...one }) => rounded(one)) }),
      ...(times.chain && { chain: rounded(times.chain) }),
      ...(times.scatter && { scatter: rounded(times.scatter) }),
      ...(times.transfer && { transfer: rounded(times.transfer) }),
      ...(times.queue && { queue: rounded(times.queue) }),
      peakMemoryMb: round(times.peakMemoryMb),
      startMs: round(times.startMs),
    }),
    ...(peers && { peers: peers.map(({ peer, ...one }) => ({ peer, ...rounded(one) })) }),
    ...(counts && {
      perRun: perJob(counts.perRun),
      perSubjob: perJob(counts.perSubjob),
      perWait: { writeUnits: round(counts.perWait.writeUnits) },
    }),
  };
}

function perJob(usage: Usage) {
  const { writeUnits, readUnits, s3Writes, s3Reads, sqsRequests, invocations, transitions } = usage;
  const figures = { writeUnits, readUnits, s3Requests: s3Writes + s3Reads, sqsRequests, invocations, transitions };
  return { ...rounded(figures), usdPer1000: Number(dollarsPer1000(usage).total.toFixed(4)) };
}

/** The tables, and the verdicts of the goals. */
export function asText(figures: Figures, profile: boolean): string {
  const { times, peers, counts } = figures;
  const parts = [
    [machine(), ''],
    times ? timeTable(times) : [],
    times ? otherTable(times) : [],
    peers ? peerTable(peers) : [],
    counts ? countTable(counts) : [],
    counts && profile ? profileTables(counts) : [],
    goalTable(figures),
  ];
  return `${parts.flat().join('\n')}\n`;
}

function timeTable({ jobs = [], chain, scatter, peakMemoryMb }: NonNullable<Figures['times']>): string[] {
  const header = ['above a bare spawn', 'wall ms/job', 'CPU ms/job', 'CPU: platform', 'database', 'workers'];
  const rows = jobs.map(({ n, wallMsPerJob, cpuMsPerJob, cpu }) => [
    `${n} no-op job${n === 1 ? '' : 's'}`,
    ...[wallMsPerJob, cpuMsPerJob, cpu.platformMs, cpu.databaseMs, cpu.workersMs].map(text),
  ]);
  if (chain) rows.push([`chain of ${chain.hops}, per hop`, text(chain.wallMsPerHop), '', '', '', '']);
  if (scatter) rows.push([`scatter of ${scatter.width} + gather`, text(scatter.wallMsPerJob), '', '', '', '']);
  return [...table([header, ...rows]), `peak memory of platform and database: ${text(peakMemoryMb)} MB`, ''];
}

function otherTable({ startMs, transfer, queue }: NonNullable<Figures['times']>): string[] {
  const rows = [['ready on a new data folder', `${text(startMs)} ms`]];
  if (transfer) {
    const { upload, bareUpload, download, bareDownload } = transfer;
    rows.push(['upload', `${text(upload)} MB/s, by bare HTTP ${text(bareUpload)}`]);
    rows.push(['download', `${text(download)} MB/s, by bare HTTP ${text(bareDownload)}`]);
  }
  if (queue) {
    rows.push([
      `memory with ${queue.queued} jobs that wait`,
      `${text(queue.memoryMb)} MB, peak ${text(queue.peakMemoryMb)}`,
    ]);
    rows.push(['runs accepted', `${text(queue.runsPerSecond)} a second`]);
    rows.push(['describes answered', `${text(queue.describesPerSecond)} a second`]);
    rows.push(['ready after SIGKILL with these jobs', `${text(queue.readyMs)} ms`]);
  }
  return table(rows);
}

function peerTable(peers: NonNullable<Figures['peers']>): string[] {
  const rows = peers.map(({ peer, jobs, wallMsPerJob }) => [peer, String(jobs), text(wallMsPerJob)]);
  return table([['other engines', 'jobs', 'wall ms/job'], ...rows]);
}

/** Describes the machine that was measured, in one line. */
function machine(): string {
  const [first] = cpus();
  return `${availableParallelism()} processors (${first?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.versions.node}, load ${text(loadavg()[0] ?? 0)}`;
}

function countTable({ perRun, perSubjob, perWait, perIdleHour }: NonNullable<Figures['counts']>): string[] {
  const columns = [perRun, perSubjob, perWait, perIdleHour];
  const names = Object.keys(perRun) as (keyof Usage)[];
  const dollars = columns.map((usage) => `$${dollarsPer1000(usage).total.toFixed(4)}`);
  return [
    ...table([
      ['', 'a run', 'a subjob', 'a wait more', 'an idle hour'],
      ...names.map((name) => [name, ...columns.map((usage) => text(usage[name]))]),
      ['a thousand cost', ...dollars],
    ]),
    priceNote,
    '',
  ];
}

function profileTables({ unitsPerRun, unitsPerSubjob, perRun }: NonNullable<Figures['counts']>): string[] {
  const list = (title: string, units: KindUnits) =>
    table([['units', title], ...units.slice(0, maximumKindCount).map(([kind, each]) => [text(each), kind])]);
  return [
    ...list('writes of a run', unitsPerRun.writes),
    ...list('reads of a run', unitsPerRun.reads),
    ...list('writes of a subjob', unitsPerSubjob.writes),
    ...list('reads of a subjob', unitsPerSubjob.reads),
    ...table(Object.entries(dollarsPer1000(perRun).parts).map(([name, usd]) => [`$${usd.toFixed(4)}`, name])),
    '',
  ];
}

function goalTable(figures: Figures): string[] {
  const verdicts = judge(figures);
  const rows = verdicts.map(({ goal, found, limit, met }) => [
    goal,
    text(found),
    String(limit),
    met ? 'met' : 'MISSED',
  ]);
  return rows.length === 0 ? [] : table([['goal', 'found', 'at most', ''], ...rows]);
}

/** Columns as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    '',
  ];
}

function rounded<Numbers extends Readonly<Record<string, number>>>(numbers: Numbers) {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, round(value)]));
}

const round = (value: number): number => Number(value.toFixed(2));
const text = (value: number): string => value.toFixed(2);

const maximumKindCount = 20;
