// What happens in rounds: the sweep each minute, and the removal of what has expired.

import type { Context, TableName } from '../../core/context.ts';
import { isExecutionId, isObjectId } from '../../core/id/identifier.ts';
import { objectKey, readObject } from '../../core/row/objects.ts';
import { sweepExecution, sweepShards } from '../../engine/sweep.ts';
import type { FileStore } from '../content/file-store.ts';
import type { Database } from '../database/database.ts';
import type { LogStore } from '../database/log-store.ts';
import { createUnderWay } from '../under-way.ts';

export type RoundParts = {
  readonly context: Context;
  readonly database: Database;
  readonly logs: LogStore;
  readonly content: { readonly files: FileStore };
};
type Report = (what: string, fault: unknown) => void;

/**
 * Looks at every execution that has consequences left, whatever its due time: an earlier platform may have ended before
 * it looked. Then begins the rounds.
 *
 * @returns ends the rounds
 */
export async function startRounds(parts: RoundParts, report: Report): Promise<() => Promise<void>> {
  const { context, database } = parts;
  const stop = new AbortController();
  await dropStrayUploads(parts);
  const open = database.sqlite.prepare('SELECT pk FROM executions WHERE dueAt IS NOT NULL ORDER BY dueAt').all();
  const catchUp = async () => {
    for (const { pk } of open) {
      if (stop.signal.aborted || !isExecutionId(pk)) continue;
      await sweepExecution(context, pk).catch((fault: unknown) => report(`the look at ${pk}`, fault));
    }
  };
  const underWay = createUnderWay();
  const every = (periodMs: number, what: string, act: () => Promise<void>) => {
    let isBusy = false;
    const actOnce = async () => {
      if (isBusy) return;
      isBusy = true;
      await act().catch((fault: unknown) => report(what, fault));
      isBusy = false;
    };
    const timer = setInterval(() => underWay.add(actOnce()), periodMs);
    stop.signal.addEventListener('abort', () => clearInterval(timer));
  };
  underWay.add(catchUp());
  every(sweepPeriodMs, 'the sweep', () => sweep(context, report));
  every(removalPeriodMs, 'the removal of what expired', () => removeExpired(parts));
  return async () => {
    stop.abort();
    await underWay.ended();
  };
}

/** An upload that no file names was begun by a request that ended with an earlier platform. */
async function dropStrayUploads({ context, content }: RoundParts): Promise<void> {
  await content.files.dropUploads(async ({ key, uploadId }) => {
    const id = key.slice(key.lastIndexOf('/') + 1);
    const file = isObjectId(id) ? readObject(await context.rows.get('objects', objectKey(id))) : undefined;
    return file?.uploadId === uploadId;
  });
}

async function sweep(context: Context, report: Report): Promise<void> {
  const limits = { jobCount: jobsPerShard, until: Date.now() + sweepPeriodMs - reserveMs };
  const { failed, unread } = await sweepShards(context, limits);
  for (const { execution, error } of failed) report(`the sweep of ${execution}`, error);
  for (const fault of unread) report('a shard was not swept to its end', fault);
}

/** Removes expired rows, old logs, and uploads that were never completed. Little at a time, so that others get their turn. */
async function removeExpired({ context, database, logs, content }: RoundParts): Promise<void> {
  const now = context.now();
  for (const table of expiringTables) {
    const select = database.sqlite.prepare(`SELECT pk, sk FROM ${table} WHERE expiresAtSeconds <= ? LIMIT ?`);
    for (;;) {
      const found = select.all(Math.floor(now / 1000), rowsAtATime);
      for (const { pk, sk } of found) await context.rows.delete(table, { pk: String(pk), sk: String(sk) });
      if (found.length < rowsAtATime) break;
      await otherTurns();
    }
  }
  while (logs.forget(now - logDays * dayMs)) await otherTurns();
  await content.files.dropUploads(async ({ begunAt }) => begunAt >= now - uploadDays * dayMs);
}

function otherTurns(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const expiringTables: readonly TableName[] = ['executions', 'identities'];
const dayMs = 86_400_000;
const sweepPeriodMs = 60_000;
const removalPeriodMs = 3_600_000;
const reserveMs = 10_000;
const jobsPerShard = 1_000;
const rowsAtATime = 500;
/** As on AWS (infra/stacks/data.ts, infra/stacks/compute.ts). */
const logDays = 90;
const uploadDays = 7;
