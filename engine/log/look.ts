// One look at the streams that a reader follows: what is new in each, in one order, and how far that reads. Sends nothing.

import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal, type JobState } from '../../core/job/state.ts';
import { forEach } from '../object/each.ts';
import type { LogConnection, StreamCursor } from './connection.ts';
import { loadFollowed, streamOf } from './followed.ts';
import { isEndOfLog, type LogFrame, maximumRecentCount, toFrame } from './frame.ts';

/** A line, and the place in its stream from which it is read again, as the first one. */
type Line = { readonly frame: LogFrame; readonly stream: string; readonly from: StreamCursor; readonly time: number };

export type Look = {
  /** The connection once all the lines are sent. */
  readonly connection: LogConnection;
  readonly lines: readonly Line[];
  /** There is more to read at once. */
  readonly more: boolean;
  /** Everything that is followed has ended and was read to its end. */
  readonly over: boolean;
  /** Of the watched job; undefined when it is gone. */
  readonly job: { readonly state: JobState; readonly try: number } | undefined;
};

/**
 * What is new since the connection was read last. Of the lines that were there before it passes over all but the last so
 * many that the reader wants: then it finds nothing yet, and the connection stands before those.
 *
 * @param until when it stops passing over, in milliseconds since 1970; the next look goes on
 */
export async function firstLook(context: Context, connection: LogConnection, until: number): Promise<Look> {
  const { caughtUp, recentCount } = connection;
  if (caughtUp || recentCount >= maximumRecentCount) return lookOnce(context, connection);
  let current = connection;
  let kept: Pick<Line, 'stream' | 'from'>[] = [];
  for (;;) {
    const look = await lookOnce(context, current);
    current = look.connection;
    // Where lines are, not what they say.
    kept.push(...look.lines.map(({ stream, from }) => ({ stream, from })));
    kept = kept.slice(Math.max(0, kept.length - recentCount));
    if (look.more && context.now() < until) continue;
    return { ...look, connection: backTo(current, kept), lines: [], more: true, over: false };
  }
}

/** The connection before these lines, which it has read and nobody has sent. */
export function backTo(connection: LogConnection, lines: readonly Pick<Line, 'stream' | 'from'>[]): LogConnection {
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  for (const { stream, from } of lines.toReversed()) streams[stream] = from;
  return { ...connection, streams };
}

/**
 * The lines of one try stay in the order in which its worker wrote them, whatever its clock did; those of several are merged
 * by time. What is later than the end of a page that more follows is left for the next look, so that their order holds
 * however long each stream is.
 */
async function lookOnce(context: Context, connection: LogConnection): Promise<Look> {
  const rows = await loadFollowed(context, connection);
  const share = Math.max(1, rows.length);
  const limits = { lines: Math.max(fewestLines, Math.floor(linesPerLook / share)), length: lengthPerLook / share };
  const reads = await forEach(rows, (row) => readStream(context, connection, row, limits));
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  for (const [index, { cursor }] of reads.entries()) streams[streamOf(rows[index] as JobRow)] = cursor;
  const horizon = Math.min(...reads.map(({ more, time }) => (more && time > 0 ? time : Number.POSITIVE_INFINITY)));
  const found = reads.flatMap(({ lines }) => lines).sort((first, second) => first.time - second.time);
  const lines = found.filter(({ time }) => time <= horizon);
  const later = found.filter(({ time }) => time > horizon);
  const more = later.length > 0 || reads.some((read) => read.more);
  return {
    connection: backTo({ ...connection, streams, caughtUp: connection.caughtUp || !more }, later),
    lines,
    more,
    over: !more && reads.every(({ cursor }, index) => cursor.ended && isTerminal((rows[index] as JobRow).state)),
    job: rows[0],
  };
}

type StreamRead = {
  readonly lines: Line[];
  readonly cursor: StreamCursor;
  readonly more: boolean;
  /** The time of the last line that was read, wanted or not. */
  readonly time: number;
};

async function readStream(
  context: Context,
  { levels, streams }: LogConnection,
  row: JobRow,
  limits: { readonly lines: number; readonly length: number },
): Promise<StreamRead> {
  const stream = streamOf(row);
  const before = streams[stream] ?? { ended: false };
  const isOver = isTerminal(row.state);
  if (before.ended) return { lines: [], cursor: before, more: false, time: 0 };
  if (row.task === undefined) return { lines: [], cursor: { ended: isOver }, more: false, time: 0 };
  const of = { job: row.pk, try: row.try };
  const lines: Line[] = [];
  let { token, skip = 0 } = before;
  let time = 0;
  let length = 0;
  for (let count = 0; count < pagesPerLook && lines.length < limits.lines && length < limits.length; count++) {
    const page = await context.logs.read(row.task, token, limits.lines);
    for (const [index, { message, timestamp }] of page.lines.entries()) {
      if (isEndOfLog(message, of)) return { lines, cursor: { ended: true }, more: false, time };
      const frame = index < skip ? undefined : toFrame(message, timestamp, of);
      time = Math.max(time, frame?.timestamp ?? timestamp);
      if (frame === undefined || !(levels?.includes(frame.level) ?? true)) continue;
      length += message.length;
      lines.push({ frame, stream, time, from: { ...placeAt(token, index), ended: false } });
    }
    if (page.token === token || page.token === undefined) {
      // A worker that was killed wrote no last line: what it had written has arrived after a while.
      const isLate = context.now() - (row.stoppedRunning ?? row.modified) >= arrivalMs(context);
      return { lines, cursor: { ...placeAt(token, skip), ended: isOver && isLate }, more: false, time };
    }
    token = page.token;
    skip = Math.max(0, skip - page.lines.length);
  }
  return { lines, cursor: { ...placeAt(token, skip), ended: false }, more: true, time };
}

function placeAt(token: string | undefined, skip: number): { readonly token?: string; readonly skip?: number } {
  return { ...(token === undefined ? {} : { token }), ...(skip === 0 ? {} : { skip }) };
}

/** How long lines may take from a worker to the log: a sixtieth of the lease, 10 s on AWS, less where leases are short. */
function arrivalMs({ settings }: Context): number {
  return (settings.leaseSeconds * 1000) / 60;
}

/** Lines in memory at a time, and their characters, of all streams together, as far as each still gets a few. */
const linesPerLook = 5_000;
const lengthPerLook = 2_000_000;
const fewestLines = 20;
/** Pages of one stream in one look, wherever its lines are not wanted, so that no stream keeps the others waiting. */
const pagesPerLook = 20;
