// Reads the stream of one try from a cursor, and returns the lines that a reader wants, each with its position.

import type { Context } from '../../core/context.ts';
import { given } from '../../core/given.ts';
import type { JobRow } from '../../core/job/row.ts';
import { isTerminal } from '../../core/job/state.ts';
import type { LogConnection, StreamCursor } from './connection.ts';
import { streamOf } from './followed.ts';
import { type LogFrame, missingFrame, toFrame } from './frame.ts';

/** A line, and the position in its stream from which it would be read again as the first line. */
export type Line = {
  readonly frame: LogFrame;
  readonly stream: string;
  readonly from: StreamCursor;
  /** The time of printing in milliseconds since 1970, never before that of the line above, even if the clock jumped. */
  readonly time: number;
};
export type StreamRead = {
  readonly lines: readonly Line[];
  /** The number of characters in the lines. */
  readonly length: number;
  readonly cursor: StreamCursor;
  readonly more: boolean;
  /** The time of the last line that was read, even if the reader does not want it. */
  readonly time: number;
};
/** Reading stops after the page that reaches one of these. */
type ReadLimits = { readonly lines: number; readonly length: number };

/**
 * Reads the next pages of a stream.
 *
 * @param before the position to begin at; by default the position up to which the connection has sent the stream
 */
export async function readStream(
  context: Context,
  { levels, streams }: LogConnection,
  row: JobRow,
  limits: ReadLimits,
  before: StreamCursor = streams[streamOf(row)] ?? { ended: false },
): Promise<StreamRead> {
  const stream = streamOf(row);
  const isOver = isTerminal(row.state);
  const nothing = { lines: [], length: 0, more: false, time: 0 };
  if (before.ended) return { ...nothing, cursor: before };
  if (row.task === undefined) return { ...nothing, cursor: { ended: isOver } };
  const of = { job: row.pk, try: row.try };
  const found = createCollector(stream, before, levels);
  for (let count = 0; count < pagesAtATime && found.isBelow(limits); count++) {
    const page = await context.logs.read(row.task, found.token(), limits.lines);
    for (const { message, timestamp } of page.lines) {
      const frame = toFrame(message, timestamp, of);
      if (frame === 'end') return found.result({ ended: true, more: false });
      found.add(frame, timestamp);
    }
    if (page.token === found.token() || page.token === undefined) {
      // A worker that was killed did not write a last line. After a while all its lines have arrived.
      const isLate = context.now() - (row.stoppedRunning ?? row.modified) >= arrivalMs(context);
      return found.result({ ended: isOver && isLate, more: false });
    }
    found.turnTo(page.token);
  }
  return found.result({ ended: false, more: true });
}

/** Collects lines, each with the position from which it is found again. Skips the lines of a page that were sent. */
function createCollector(stream: string, before: StreamCursor, levels: readonly string[] | undefined) {
  let { token, skip = 0, line: last } = before;
  let index = 0;
  let time = 0;
  let length = 0;
  const lines: Line[] = [];
  const place = (count: number, ended = false): StreamCursor => ({
    ...given({ token, skip: count === 0 ? undefined : count, line: last }),
    ended,
  });
  const push = (frame: LogFrame): void => {
    if (levels !== undefined && !levels.includes(frame.level)) return;
    length += frame.msg.length;
    lines.push({ frame, stream, time, from: place(index) });
  };
  return {
    token: () => token,
    isBelow: (limits: ReadLimits) => lines.length < limits.lines && length < limits.length,
    add(frame: LogFrame | undefined, timestamp: number): void {
      if (index >= skip) {
        time = Math.max(time, frame?.timestamp ?? timestamp);
        const missing = frame && missingFrame(frame, last);
        if (missing !== undefined) push(missing);
        if (missing !== undefined) last = (frame?.line ?? 0) - 1;
        if (frame !== undefined) push(frame);
        last = frame?.line || last;
      }
      index += 1;
    },
    turnTo(next: string): void {
      token = next;
      skip = Math.max(0, skip - index);
      index = 0;
    },
    result: ({ ended, more }: { ended: boolean; more: boolean }): StreamRead => ({
      lines,
      length,
      cursor: ended ? { ended } : place(Math.max(skip, index)),
      more,
      time,
    }),
  };
}

/** The longest time that lines take from a worker to the log: a sixtieth of the lease, which is 10 s on AWS. */
function arrivalMs({ settings }: Context): number {
  return (settings.leaseSeconds * 1000) / 60;
}

/** Pages of one stream that are read at a time even if none of their lines are wanted, because other streams wait. */
const pagesAtATime = 20;
