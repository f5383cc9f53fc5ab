// One look at the streams that a reader follows: what is new in each, in one order, and how far that reads. Sends nothing.

import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal, type JobState } from '../../core/job/state.ts';
import { mapLimited } from '../store/map-limited.ts';
import type { LogConnection, StreamCursor } from './connection.ts';
import { loadFollowed, streamOf } from './followed.ts';
import { type Line, readStream, type StreamRead } from './stream.ts';

export type Look = {
  /** The connection once all the lines are sent. */
  readonly connection: LogConnection;
  readonly lines: readonly Line[];
  /** There is more to read at once. */
  readonly more: boolean;
  /** Everything that is followed has ended and was read to its end. */
  readonly over: boolean;
  /** Streams in which something may still come. */
  readonly openCount: number;
  /** Of the watched job; undefined when it is gone. */
  readonly job: { readonly state: JobState; readonly try: number } | undefined;
};

/**
 * What is new since the connection was read last, but for lines that were there at first and are older than the last so
 * many that the reader wants. Where there are more of them than one look finds, it counts them, and then passes over them.
 *
 * @param until when it stops counting, in milliseconds since 1970
 */
export async function nextLook(context: Context, connection: LogConnection, until: number): Promise<Look> {
  let look = await lookOnce(context, connection);
  const { passOver, recentCount } = connection;
  if (passOver === 0) return look;
  if (passOver !== undefined) return without(look, passOver);
  let count = look.lines.length;
  if (!look.more) return without(look, Math.max(0, count - recentCount));
  while (look.more && context.now() < until) {
    look = await lookOnce(context, look.connection);
    count += look.lines.length;
  }
  const counted = { ...connection, passOver: Math.max(0, count - recentCount) };
  return { ...look, connection: counted, lines: [], more: true, over: false };
}

function without(look: Look, passOver: number): Look {
  const left = Math.max(0, passOver - look.lines.length);
  return { ...look, connection: { ...look.connection, passOver: left }, lines: look.lines.slice(passOver) };
}

/** The connection before these lines, which were read and nobody has sent. */
export function backTo(connection: LogConnection, lines: readonly Line[]): LogConnection {
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  for (const { stream, from, time } of lines.toReversed()) streams[stream] = { ...from, next: time };
  return { ...connection, streams };
}

/**
 * The lines of one try stay in the order in which its worker wrote them, whatever its clock did; those of several are merged
 * by time: what is later than the end of a part that more follows waits until that is read.
 */
async function lookOnce(context: Context, connection: LogConnection): Promise<Look> {
  const rows = await loadFollowed(context, connection);
  const open = await mapLimited(rows, (row) => begin(context, connection, row, rows.length));
  await readOn(context, connection, open);
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  for (const { row, read } of open) streams[streamOf(row)] = read.cursor;
  const horizon = horizonOf(open);
  const found = open.flatMap(({ read }) => read.lines).sort((first, second) => first.time - second.time);
  const later = found.filter(({ time }) => time > horizon);
  const more = open.some(({ read }) => read.more);
  return {
    connection: backTo({ ...connection, streams }, later),
    lines: found.filter(({ time }) => time <= horizon),
    more,
    over: !more && open.every(({ row, read }) => read.cursor.ended && isTerminal(row.state)),
    openCount: open.filter(({ row, read }) => row.task !== undefined && !read.cursor.ended).length,
    job: rows[0],
  };
}

type OpenStream = { readonly row: JobRow; read: StreamRead };

/** Its first lines; of a stream whose next line is known to come later, nothing yet. */
async function begin(context: Context, connection: LogConnection, row: JobRow, count: number): Promise<OpenStream> {
  const cursor = connection.streams[streamOf(row)];
  if (cursor?.next !== undefined) {
    return { row, read: { lines: [], length: 0, cursor, more: true, time: cursor.next - 1 } };
  }
  const limits = { lines: Math.max(fewestLines, Math.floor(linesPerLook / count)), length: lengthPerLook / count };
  return { row, read: await readStream(context, connection, row, limits) };
}

/** Reads on where the earliest unread line is, until there is enough to send. */
async function readOn(context: Context, connection: LogConnection, open: readonly OpenStream[]): Promise<void> {
  for (let count = 0; count < readsPerLook; count++) {
    const horizon = horizonOf(open);
    const behind = open.find(({ read }) => read.more && read.time === horizon);
    if (behind === undefined) return;
    const ready = sum(open, ({ read }) => read.lines.filter(({ time }) => time <= horizon).length);
    const length = sum(open, ({ read }) => read.length);
    if (ready > 0 && (ready >= linesPerLook || length >= lengthPerLook)) return;
    const limits = { lines: linesPerRead, length: lengthPerLook };
    const next = await readStream(context, connection, behind.row, limits, behind.read.cursor);
    behind.read = {
      ...next,
      lines: [...behind.read.lines, ...next.lines],
      length: behind.read.length + next.length,
      time: Math.max(behind.read.time, next.time),
    };
  }
}

/** Up to this time everything has been read. */
function horizonOf(open: readonly OpenStream[]): number {
  return Math.min(...open.map(({ read }) => (read.more ? read.time : Number.POSITIVE_INFINITY)));
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Lines in memory at a time, and their characters, of all streams together, as far as each still gets a few. */
const linesPerLook = 5_000;
const lengthPerLook = 2_000_000;
const fewestLines = 20;
const linesPerRead = 1_000;
const readsPerLook = 100;
