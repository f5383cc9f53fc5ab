// The cost of a tree of processes, from /proc (Linux only): processor time by kind of process, and memory.

import { readdirSync, readFileSync } from 'node:fs';

export type ProcessorTime = {
  readonly platformMs: number;
  readonly databaseMs: number;
  /** Workers, their children, and the process that starts workers. */
  readonly workersMs: number;
  readonly totalMs: number;
};

type Entry = {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  readonly own: number;
  readonly reaped: number;
};

/**
 * User and system time of the process and its descendants since they began, including those that ended and were reaped.
 */
export function processorTime(root: number): ProcessorTime {
  const tree = treeOf(root);
  const sum = (of: (entry: Entry) => number) => tree.reduce((total, entry) => total + of(entry), 0) * tickMs;
  const platformMs = sum((entry) => (entry.pid === root ? entry.own : 0));
  const databaseMs = sum((entry) => (entry.name === databaseProgram ? entry.own : 0));
  const totalMs = sum((entry) => entry.own + entry.reaped);
  return { platformMs, databaseMs, workersMs: totalMs - platformMs - databaseMs, totalMs };
}

export function difference(after: ProcessorTime, before: ProcessorTime): ProcessorTime {
  return {
    platformMs: after.platformMs - before.platformMs,
    databaseMs: after.databaseMs - before.databaseMs,
    workersMs: after.workersMs - before.workersMs,
    totalMs: after.totalMs - before.totalMs,
  };
}

/** Processor time of this process's own children that ended. */
export function reapedMs(): number {
  return (readEntry(process.pid)?.reaped ?? 0) * tickMs;
}

/** Largest resident memory so far of the platform and of its database, added, in MB. */
export function peakMemoryMb(root: number): number {
  const kept = treeOf(root).filter(({ pid, name }) => pid === root || name === databaseProgram);
  return kept.reduce((total, { pid }) => total + statusKb(pid, 'VmHWM'), 0) / 1024;
}

/** Resident memory of the platform and of its database now, added, in MB. */
export function memoryMb(root: number): number {
  const kept = treeOf(root).filter(({ pid, name }) => pid === root || name === databaseProgram);
  return kept.reduce((total, { pid }) => total + statusKb(pid, 'VmRSS'), 0) / 1024;
}

function statusKb(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const [, amount] =
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(amount ?? 0);
}

function treeOf(root: number): Entry[] {
  const entries = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readEntry(Number(name)) ?? []) : []));
  const members = new Set([root]);
  // Parents may have higher numbers than their children, so the list is read again until nothing is added.
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of entries) if (members.has(parent)) members.add(pid);
  }
  return entries.filter(({ pid }) => members.has(pid));
}

function readEntry(pid: number): Entry | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // It ended during the look.
  }
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const [user = 0, system = 0, reapedUser = 0, reapedSystem = 0] = fields.slice(11, 15).map(Number);
  const name = text.slice(text.indexOf('(') + 1, end);
  return { pid, parent: Number(fields[1]), name, own: user + system, reaped: reapedUser + reapedSystem };
}

/** proc_pid_stat(5): times are in ticks. Linux shows 100 ticks a second whatever the kernel's own rate is. */
const tickMs = 10;
const databaseProgram = 'dynoxide';
