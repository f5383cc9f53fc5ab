// Reads the new lines of all streams that a reader follows, in one order, and the position after them.

import type { Context } from '../../core/context.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal, type JobState } from '../../core/job/state.ts';
import { mapLimited } from '../store/map-limited.ts';
import type { LogConnection, StreamCursor } from './connection.ts';
import { loadFollowed, streamOf } from './followed.ts';
import { type Line, readStream, type StreamRead } from './stream.ts';

export type Look = {
  /** The state of the connection after all the lines are sent. */
  readonly connection: LogConnection;
  readonly lines: readonly Line[];
  /** True when more can be read at once. */
  readonly more: boolean;
  /** True when all followed tries have ended and their streams were read to the end. */
  readonly over: boolean;
  /** The number of streams that may still get lines. */
  readonly openCount: number;
  /** The state of the watched job; undefined when it is gone. */
  readonly job: { readonly state: JobState; readonly try: number } | undefined;
  /** The jobs that have no worker yet. */
  readonly runnable: readonly JobRow[];
};

/**
 * The new lines since the last look. Lines that existed at the start are skipped, except for the last ones that the
 * reader wants. If one look does not find all of them, they are counted first, and then skipped.
 *
 * @param until the time when the counting stops, in milliseconds since 1970
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

/** The state of the connection before these lines, which were read but not sent. */
export function backTo(connection: LogConnection, lines: readonly Line[]): LogConnection {
  const streams: Record<string, StreamCursor> = { ...connection.streams };
  for (const { stream, from, time } of lines.toReversed()) streams[stream] = { ...from, next: time };
  return { ...connection, streams };
}

/**
 * The lines of one try stay in the order in which its worker wrote them, even if its clock jumped. The lines of several
 * tries are merged by time. A line is held back while an unread line of another stream may be earlier.
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
    runnable: rows.filter(({ state }) => state === 'runnable'),
  };
}

type OpenStream = { readonly row: JobRow; read: StreamRead };

/** Reads the first lines of a stream, unless an earlier look has already read its next line. */
async function begin(context: Context, connection: LogConnection, row: JobRow, count: number): Promise<OpenStream> {
  const cursor = connection.streams[streamOf(row)];
  if (cursor?.next !== undefined) {
    return { row, read: { lines: [], length: 0, cursor, more: true, time: cursor.next - 1 } };
  }
  const limits = { lines: Math.max(fewestLines, Math.floor(linesPerLook / count)), length: lengthPerLook / count };
  return { row, read: await readStream(context, connection, row, limits) };
}

/** Continues with the stream that holds the earliest unread line, until there is enough to send. */
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

/** The time up to which all streams have been read. */
function horizonOf(open: readonly OpenStream[]): number {
  return Math.min(...open.map(({ read }) => (read.more ? read.time : Number.POSITIVE_INFINITY)));
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

/** Lines of all streams in memory at a time, and their characters. Each stream gets at least a few lines. */
const linesPerLook = 5_000;
const lengthPerLook = 2_000_000;
const fewestLines = 20;
const linesPerRead = 1_000;
const readsPerLook = 100;
