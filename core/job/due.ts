// When a job is looked at again, and when its next worker starts. Pure: the length of a lease is an argument.

import { treeEnd } from '../execution/tree-limit.ts';
import type { ExecutionId } from '../id/identifier.ts';
import { agenda, type Patience } from './agenda.ts';
import type { JobRow } from './row.ts';
import { isTerminal } from './state.ts';
import { graceEnd } from './worker.ts';

/**
 * When the sweep looks at a row if nothing happens before. The agenda names how long each state is left alone: a
 * running job until its lease ends, any other as long as its try has lasted already, at least a minute and at most ten. A
 * lost message thus costs no more than that. A time in the future that is not later is kept: moving it costs two writes
 * in the index, and looking early costs one read.
 *
 * @param now and the result in milliseconds since 1970
 */
export function dueTime(row: JobRow, now: number, leaseMs: number): number {
  // Nothing is to be done before the last pass.
  if (row.lastPassAt !== undefined && row.lastPassAt > now) return row.lastPassAt;
  const [patience] = agenda[row.state];
  const patient =
    patience === 'lease' ? (row.leaseUntil ?? now + leaseMs) : now + patienceMs(patience, row, now, leaseMs);
  // A worker that has reported is looked for once its grace time is over.
  const grace = row.stoppedRunning === undefined ? 0 : graceEnd(row, leaseMs);
  // The sweep ends a tree that is too old, whatever its root waits for.
  const limit = row.root === row.pk && !isTerminal(row.state) ? treeEnd(row.created) : 0;
  const wanted = Math.min(patient, ...[grace, limit].filter((time) => time > now));
  const { dueAt } = row;
  return dueAt !== undefined && dueAt > now && dueAt <= wanted ? dueAt : wanted;
}

/** As long as something has lasted already, at least a minute and at most ten. In milliseconds. */
export function waitedMs(since: number, now: number, atLeastMs: number = shortestPatienceMs): number {
  return Math.max(atLeastMs, Math.min(now - since, longestPatienceMs));
}

/** The part of the sweep's index that an execution is in. */
export function openShard(execution: ExecutionId, shardCount: number): number {
  let sum = 0;
  for (const character of execution.slice(execution.indexOf('-') + 1))
    sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return sum % shardCount;
}

/** How long the next worker waits after `launch` workers that did not claim: nothing, 5 s, 15 s, … at most 15 minutes. */
export function launchDelaySeconds(launch: number): number {
  return launch === 0 ? 0 : Math.min(maximumDelaySeconds, firstDelaySeconds * 3 ** (launch - 1));
}

/** The earliest time at which the workspace of an ended job is destroyed, in milliseconds since 1970. */
export function workspaceKeptUntil(row: JobRow, delayWorkspaceDestruction: boolean): number {
  const ended = row.transitions.findLast(([state]) => isTerminal(state))?.[1] ?? row.modified;
  return delayWorkspaceDestruction ? ended + workspaceDelayMs : ended;
}

function patienceMs(patience: Exclude<Patience, 'lease'>, row: JobRow, now: number, leaseMs: number): number {
  switch (patience) {
    case 'queued':
      return waitedMs(row.tryCreated, now, Math.min(leaseMs, queuedMs));
    case 'waiting':
      return waitedMs(row.tryCreated, now, Math.min(leaseMs, shortestPatienceMs));
    // What waits for a job that is done looks by itself. Its own due time is not moved forward: that is two writes.
    case 'grace':
      return leaseMs;
    case 'period':
      return Math.min(leaseMs, waitedMs(row.tryCreated, now, shortestPatienceMs));
    default:
      return patience satisfies never;
  }
}

/**
 * A lost message costs at most this time. A waiting job is looked at 144 times a day, and each look takes three write
 * units and some reads.
 */
const longestPatienceMs = 600_000;
/** The time between two sweeps. */
const shortestPatienceMs = 60_000;
/**
 * A stream or a queue moves these jobs on and keeps their messages. A look at a long queue would send all of them
 * again. Where a lease is shorter, the first look comes after a lease: a claim then does not move the due time.
 */
const queuedMs = 120_000;
const firstDelaySeconds = 5;
/** The longest time for which a queue holds a message back. */
const maximumDelaySeconds = 900;
/** Three days (docs/reference/api.md, "Other options of a run"). */
const workspaceDelayMs = 3 * 24 * 3_600_000;
