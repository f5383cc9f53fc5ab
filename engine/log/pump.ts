// Sends a job's log to one reader: first the lines that exist and then, if the reader wants them, new lines until the
// job has ended and its streams are read to their ends.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/context.ts';
import type { LogConnection } from './connection.ts';
import { endFrame, type LogFrame, partingFrames, stillFrame } from './frame.ts';
import { backTo, type Look, nextLook } from './look.ts';
import { waitingFrames } from './waiting.ts';

/** The result of sending a frame. `busy`: the reader accepts nothing now, and the same frame may be sent later. */
export type Sent = 'sent' | 'gone' | 'busy';
export type Reader = {
  send(frame: LogFrame): Promise<Sent>;
  /**
   * Called every few seconds with the position up to which the log was sent. Answers false when this pump must stop.
   */
  keep(connection: LogConnection): Promise<boolean>;
  /** Waits between two looks, in milliseconds. Tests move their clock instead. */
  readonly wait?: (ms: number) => Promise<unknown>;
};
export type Pumped = { readonly done: true } | { readonly done: false; readonly connection: LogConnection };

/**
 * Pumps until the log has ended, the reader is gone, or the connection has reached its greatest age (`done`), but at
 * most until a time.
 *
 * @param until in milliseconds since 1970
 * @returns without `done`, the connection with which the next call continues at the next line
 */
export async function pumpLog(
  context: Context,
  connection: LogConnection,
  { wait = sleep, ...reader }: Reader,
  until: number,
): Promise<Pumped> {
  const partsAt = connection.openedAt + connectionMs;
  const pump: Pump = { context, reader: { ...reader, wait }, stopAt: Math.min(until, partsAt), keptAt: context.now() };
  let current = connection;
  for (;;) {
    const look = await patiently(pump, () => nextLook(context, current, pump.stopAt));
    const sending = await sendLines(pump, look);
    if (sending === undefined) return { done: true };
    const aware = await sayWaiting(pump, sending.connection, look);
    if (aware === undefined) return { done: true };
    current = aware;
    const now = context.now();
    const isLast = sending.isAll && !look.more && (!current.tail || look.over);
    if (isLast || now >= partsAt) {
      const jobTry = current.try ?? look.job?.try ?? 0;
      await sendLast(
        pump,
        isLast ? [endFrame(current.job, now)] : partingFrames({ job: current.job, try: jobTry }, now),
      );
      return { done: true };
    }
    if (now >= until) return { done: false, connection: current };
    const still = await sayStill(pump, current, look);
    if (still === undefined || !(await keepSometimes(pump, () => still))) return { done: true };
    current = still;
    if (!look.more) await wait(Math.max(pollMs, look.openCount * pollStreamMs));
  }
}

type Pump = { readonly context: Context; readonly reader: Required<Reader>; readonly stopAt: number; keptAt: number };

/** Sends the lines of a look while there is time. Undefined when the reader is gone, or another pump has taken over. */
async function sendLines(
  pump: Pump,
  look: Look,
): Promise<{ readonly connection: LogConnection; readonly isAll: boolean } | undefined> {
  const { context, reader, stopAt } = pump;
  let count = 0;
  let { sentAt } = look.connection;
  const soFar = () => ({ ...backTo(look.connection, look.lines.slice(count)), sentAt });
  for (let line = look.lines[0]; line !== undefined && context.now() < stopAt; line = look.lines[count]) {
    if (!(await keepSometimes(pump, soFar))) return undefined;
    const sent = await reader.send(line.frame);
    if (sent === 'gone') return undefined;
    if (sent === 'busy') await reader.wait(pollMs);
    else {
      count += 1;
      sentAt = context.now();
    }
  }
  return { connection: soFar(), isAll: count === look.lines.length };
}

/** Sends the frames for jobs that wait for a worker. Undefined when the reader is gone. */
async function sayWaiting(
  { context, reader }: Pump,
  connection: LogConnection,
  { runnable }: Look,
): Promise<LogConnection | undefined> {
  let current = connection;
  for (const { frame, wait } of await waitingFrames(context, connection, runnable)) {
    const sent = await reader.send(frame);
    if (sent === 'gone') return undefined;
    // It is sent after the next look.
    if (sent === 'busy') return current;
    current = { ...current, waits: [...(current.waits ?? []), wait], sentAt: context.now() };
  }
  return current;
}

/** Sends a frame if the connection has been silent for long. Undefined when the reader is gone. */
async function sayStill(
  { context, reader }: Pump,
  connection: LogConnection,
  { job }: Look,
): Promise<LogConnection | undefined> {
  const now = context.now();
  if (now - connection.sentAt < silentMs) return connection;
  const attempt = { job: connection.job, try: connection.try ?? job?.try ?? 0 };
  const frame = stillFrame({ ...attempt, levels: connection.levels }, now, { state: job?.state ?? 'gone', silentMs });
  const sent = await reader.send(frame);
  if (sent === 'gone') return undefined;
  return sent === 'busy' ? connection : { ...connection, sentAt: now };
}

async function sendLast({ reader }: Pump, frames: readonly LogFrame[]): Promise<void> {
  for (const frame of frames) {
    for (let attempt = 0; attempt < attempts && (await reader.send(frame)) === 'busy'; attempt++) {
      await reader.wait(pollMs);
    }
  }
}

async function keepSometimes(pump: Pump, connection: () => LogConnection): Promise<boolean> {
  const now = pump.context.now();
  if (now - pump.keptAt < keepMs) return true;
  pump.keptAt = now;
  return patiently(pump, () => pump.reader.keep(connection()));
}

/** Retries an action for half a minute, because AWS throttles tables and logs at times. */
async function patiently<Result>({ reader }: Pump, act: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      if (attempt >= attempts || (error as { transient?: unknown }).transient !== true) throw error;
    }
    await reader.wait(pollMs * attempt);
  }
}

const pollMs = 1_000;
/** An account reads some 25 pages of logs a second (CloudWatch Logs quotas), so each stream lengthens the wait. */
const pollStreamMs = 100;
const keepMs = 10_000;
const attempts = 8;
/**
 * API Gateway and CloudFront end a connection on which nothing was sent for ten minutes. A hand-over takes up to two.
 */
const silentMs = 8 * 60_000;
/** API Gateway ends every connection after two hours without a message, even if it is in use. */
const connectionMs = 115 * 60_000;
