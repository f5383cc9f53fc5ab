// Decides what follows when a launch ended without a claim: another launch, or the end of the job
// (docs/reference/protocols.md, "Launch").

import type { WorkerEnd, WorkerEnding } from '../context.ts';
import { failureMessages } from '../execution/failure.ts';
import type { JobEvent } from './event.ts';
import type { JobRow } from './row.ts';

/** Launches that another one may repair are repeated without a limit. A launch that can never work fails the job. */
export function eventAfterLaunch(row: JobRow, { how, why }: WorkerEnd): JobEvent {
  if (waitableEndings.has(how)) return { kind: 'relaunch', counted: false };
  const failedCount = (row.failedLaunchCount ?? 0) + 1;
  const limit = how === 'unknown' ? unexplainedLimit : permanentLimit;
  if (failedCount < limit) return { kind: 'relaunch', counted: true };
  const message = failureMessages.unlaunchable(failedCount, why || 'the attempts ended without saying why');
  return { kind: 'fail', failure: { reason: 'ExecutionError', message } };
}

/** Capacity, quota or a machine was missing. Another launch may find it. */
const waitableEndings: ReadonlySet<WorkerEnding> = new Set(['lost', 'reclaimed', 'noCapacity']);
const permanentLimit = 3;
const unexplainedLimit = 10;
