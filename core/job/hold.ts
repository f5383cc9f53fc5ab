// Debug hold: which failures keep the worker and the folder of a job for its user, and for how long
// (docs/reference/api.md, "Debug hold"). Pure.

import type { FailureReason } from '../execution/failure.ts';
import { treeEnd } from '../execution/tree-limit.ts';
import { isHash } from '../reference/value.ts';
import type { JobRow } from './row.ts';

/** The reasons that `debug.debugOn` may name. A worker reports all of them about its own job. */
export const debugReasons = ['AppError', 'AppInternalError', 'AppInsufficientResourceError', 'ExecutionError'] as const;
export type DebugReason = (typeof debugReasons)[number];

/** The problems of the `debug` of a run, as sentences. */
export function checkDebug(debug: unknown): string[] {
  if (debug === undefined || debug === null) return [];
  if (!isHash(debug)) return ['debug must be a hash with "debugOn"'];
  const unknown = Object.keys(debug).filter((name) => name !== 'debugOn');
  if (unknown.length > 0) return [`debug may hold "debugOn" only, not "${unknown.join('", "')}"`];
  const { debugOn = [] } = debug;
  if (!Array.isArray(debugOn)) return ['debug.debugOn must be an array of failure reasons'];
  const allowed = debugReasons.join(', ');
  return debugOn
    .filter((reason) => !isDebugReason(reason))
    .map((reason) => `debug.debugOn may name ${allowed}, not ${JSON.stringify(reason)}`);
}

/** The reasons that a checked `debug` names, each once; undefined when the run says nothing about them. */
export function readDebug(debug: unknown): readonly DebugReason[] | undefined {
  if (!isHash(debug)) return undefined;
  const { debugOn } = debug;
  return [...new Set(Array.isArray(debugOn) ? debugOn.filter(isDebugReason) : [])];
}

/** True for a reason for which any run may ask to hold a job. */
export function isDebugReason(reason: unknown): reason is DebugReason {
  return (debugReasons as readonly unknown[]).includes(reason);
}

/** True when a failure that the worker reported, and that no restart follows, keeps the job. */
export function isHeldFor(debugOn: readonly DebugReason[] | undefined, reason: FailureReason): boolean {
  return debugOn?.some((one) => one === reason) === true;
}

/**
 * When the hold of a job ends by itself, in milliseconds since 1970. Undefined when the job is not held. A hold ends with
 * its tree at the latest. Only the row of a root tells when that is.
 */
export function heldUntil(row: JobRow): number | undefined {
  if (row.state !== 'debug_hold') return undefined;
  const since = row.transitions.findLast(([state]) => state === 'debug_hold')?.[1] ?? row.modified;
  const end = since + holdLimitMs;
  return row.root === row.pk ? Math.min(end, treeEnd(row.created)) : end;
}

/** Three days (docs/reference/api.md, "Debug hold"). */
export const holdLimitMs = 3 * 24 * 3_600_000;
