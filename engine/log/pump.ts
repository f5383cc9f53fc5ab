// Sends a job's log to one reader: the lines that there are, then, while the reader wants, what comes, until the job has
// ended and its streams are read to their ends. Knows neither WebSockets nor CloudWatch.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import { forEach } from '../object/each.ts';
import type { LogConnection, StreamCursor } from './connection.ts';
import { loadFollowed } from './followed.ts';
import { endFrame, isEndOfLog, type LogFrame, maximumRecentCount, toFrame } from './frame.ts';

/** Sends one frame; false when nobody is there any more. */
export type Send = (frame: LogFrame) => Promise<boolean>;
export type Pumped = { readonly done: true } | { readonly done: false; readonly connection: LogConnection };

/**
 * Pumps until the log is over or the reader gone (`done`), or until a time, in milliseconds since 1970: then it goes on
 * with the connection that it answers.
 *
 * @param wait between two looks; tests move their clock instead
 */
export async function pumpLog(
  context: Context,
  connection: LogConnection,
  send: Send,
  until: number,
  wait: (ms: number) => Promise<unknown> = sleep,
): Promise<Pumped> {
  let current = connection;
  for (;;) {
    const look = await lookOnce(context, current);
    current = look.connection;
    for (const frame of look.frames) if (!(await send(frame))) return { done: true };
    if (!look.more && (!current.tail || look.over)) {
      await send(endFrame(current.job, context.now()));
      return { done: true };
    }
    if (context.now() >= until) return { done: false, connection: current };
    if (!look.more) await wait(pollMs);
  }
}

type Look = {
  readonly connection: LogConnection;
  readonly frames: readonly LogFrame[];
  /** There is more to read at once. */
  readonly more: boolean;
  /** Everything that is followed has ended and was read to its end. */
  readonly over: boolean;
};

/** One look at every stream. The first lines are held back until all are read, when only the last of them are wanted. */
async function lookOnce(context: Context, connection: LogConnection): Promise<Look> {
  const holdsBack = !connection.caughtUp && connection.recentCount < maximumRecentCount;
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  const held = createTail(connection.recentCount);
  let frames: LogFrame[] = [];
  let more = false;
  let over = true;
  do {
    const rows = await loadFollowed(context, connection);
    const reads = await forEach(rows, (row) => readStream(context, connection, row, streams[streamOf(row)]));
    for (const [index, { cursor }] of reads.entries()) streams[streamOf(rows[index] as JobRow)] = cursor;
    const found = reads.flatMap((read) => read.frames).sort(inOrder);
    if (holdsBack) held.push(found);
    else frames = found;
    more = reads.some((read) => read.more);
    over = reads.every(({ cursor }, index) => cursor.ended && isTerminal((rows[index] as JobRow).state));
  } while (holdsBack && more);
  const caughtUp = connection.caughtUp || !more;
  return { connection: { ...connection, caughtUp, streams }, frames: holdsBack ? held.frames() : frames, more, over };
}

type StreamRead = { readonly frames: LogFrame[]; readonly cursor: StreamCursor; readonly more: boolean };

async function readStream(
  context: Context,
  { levels }: LogConnection,
  row: JobRow,
  before: StreamCursor = { ended: false },
): Promise<StreamRead> {
  if (before.ended) return { frames: [], cursor: before, more: false };
  const isOver = isTerminal(row.state);
  if (row.task === undefined) return { frames: [], cursor: { ended: isOver }, more: false };
  const of = { job: row.pk, try: row.try };
  const frames: LogFrame[] = [];
  let { token } = before;
  let ended = false;
  for (let count = 0; count < readsPerLook && !ended; count++) {
    const page = await context.logs.read(row.task, token);
    for (const { message, timestamp } of page.lines) {
      const frame = toFrame(message, timestamp, of);
      if (frame !== undefined && (levels === undefined || levels.includes(frame.level))) frames.push(frame);
      ended ||= isEndOfLog(message, of);
    }
    const atEnd = page.token === token || page.token === undefined;
    token = page.token;
    if (!atEnd) continue;
    // A worker that was killed wrote no last line: what it had written has arrived after a while.
    const isLate = context.now() - (row.stoppedRunning ?? row.modified) >= arrivalMs(context);
    const cursor = { ...(token === undefined ? {} : { token }), ended: ended || (isOver && isLate) };
    return { frames, cursor, more: false };
  }
  return { frames, cursor: { ...(token === undefined ? {} : { token }), ended }, more: !ended };
}

/** The last `count` frames of all that come, and never more than `heldBytes` of them. */
function createTail(count: number) {
  let kept: LogFrame[] = [];
  let bytes = 0;
  return {
    push(frames: readonly LogFrame[]): void {
      for (const frame of frames) {
        kept.push(frame);
        bytes += frame.msg.length;
      }
      let dropped = Math.max(0, kept.length - count);
      for (const frame of kept.slice(0, dropped)) bytes -= frame.msg.length;
      while (bytes > heldBytes && dropped < kept.length) bytes -= kept[dropped++]?.msg.length ?? 0;
      kept = kept.slice(dropped);
    },
    frames: () => kept,
  };
}

function inOrder(first: LogFrame, second: LogFrame): number {
  return first.timestamp - second.timestamp || (first.job === second.job ? first.line - second.line : 0);
}

function streamOf(row: JobRow): string {
  return `${row.pk}#${row.try}`;
}

/** How long lines may take from a worker to the log: a sixtieth of the lease, 10 s on AWS, less where leases are short. */
function arrivalMs({ settings }: Context): number {
  return (settings.leaseSeconds * 1000) / 60;
}

const pollMs = 1_000;
/** Pages of one stream in one look, so that no stream keeps the others waiting. */
const readsPerLook = 20;
const heldBytes = 32_000_000;
