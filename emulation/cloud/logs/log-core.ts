// Log groups and streams with a write buffer in front. Both the API and append() use them.

import { AwsError } from '../wire/aws-error.ts';
import type { LogGroup, LogLine, LogStream, LogTable } from './log-table.ts';

export type LogCore = {
  /** The tables, after the buffered lines have been written. */
  read(): LogTable;
  group(name: string): LogGroup;
  stream(group: string, name: string): LogStream;
  /** Buffers lines. They are durable at most `flushAfterMs` later, and before anything is read. */
  append(group: string, stream: string, lines: readonly LogLine[]): void;
  /** Writes lines without the buffer. Durable when it returns. */
  write(stream: LogStream, lines: readonly LogLine[]): void;
  now(): number;
  flush(): void;
};

/** Bytes that CloudWatch Logs adds to each message when it counts batches and pages (API_PutLogEvents). */
export const eventOverheadBytes = 26;
/** Largest event. The log driver splits longer lines, as Docker's does. */
export const maximumEventBytes = 1024 * 1024 - eventOverheadBytes;

/**
 * @param onFault is called when buffered lines cannot be written, for example because the disk is full. The lines stay
 * buffered and are tried again.
 */
export function createLogCore(table: LogTable, now: () => number, onFault: (fault: unknown) => void): LogCore {
  const buffer = createWriteBuffer((lines) => table.append(lines, now()), onFault);
  const streamIds = new Map<string, number>();

  function streamId(group: string, name: string): number {
    const key = JSON.stringify([group, name]);
    const known = streamIds.get(key);
    if (known !== undefined) return known;
    if (!table.group(group)) table.putGroup({ name: group, createdAt: now() });
    const { id } = table.stream(group, name) ?? table.addStream(group, name, now());
    const [oldest] = streamIds.keys();
    if (oldest !== undefined && streamIds.size >= maximumKnownStreamCount) streamIds.delete(oldest);
    streamIds.set(key, id);
    return id;
  }

  return {
    now,
    flush: buffer.flush,
    read() {
      buffer.flush();
      return table;
    },
    group(name) {
      const group = table.group(name);
      if (!group) throw notFound('log group');
      return group;
    },
    stream(group, name) {
      if (!table.group(group)) throw notFound('log group');
      const stream = table.stream(group, name);
      if (!stream) throw notFound('log stream');
      return stream;
    },
    append(group, stream, lines) {
      const id = streamId(group, stream);
      const split = lines.flatMap(({ timestamp, message }) =>
        splitMessage(message).map((piece) => ({ streamId: id, line: { timestamp, message: piece } })),
      );
      buffer.add(split);
    },
    write({ id }, lines) {
      buffer.flush();
      table.append(
        lines.map((line) => ({ streamId: id, line })),
        now(),
      );
    },
  };
}

type StreamLine = { readonly streamId: number; readonly line: LogLine };

function createWriteBuffer(write: (lines: readonly StreamLine[]) => void, onFault: (fault: unknown) => void) {
  let buffer: StreamLine[] = [];
  let bufferedBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (buffer.length === 0) return;
    write(buffer);
    buffer = [];
    bufferedBytes = 0;
  }

  function flushLater(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      try {
        flush();
      } catch (fault) {
        onFault(fault);
        flushLater();
      }
    }, flushAfterMs).unref();
  }

  return {
    flush,
    add(lines: readonly StreamLine[]) {
      for (const each of lines) {
        buffer.push(each);
        bufferedBytes += each.line.message.length;
      }
      if (buffer.length >= maximumBufferedLines || bufferedBytes >= maximumBufferedBytes) flush();
      else if (buffer.length > 0) flushLater();
    },
  };
}

function notFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `The specified ${what} does not exist.`);
}

/**
 * Splits a message into pieces of at most `maximumEventBytes`. An empty line has none, because the awslogs driver sends
 * none.
 */
export function splitMessage(message: string): string[] {
  if (message.length === 0) return [];
  if (Buffer.byteLength(message) <= maximumEventBytes) return [message];
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const character of message) {
    const size = Buffer.byteLength(character);
    if (bytes + size > maximumEventBytes) {
      pieces.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  return [...pieces, piece];
}

const flushAfterMs = 20;
/** Streams whose row is not looked up for each line. A job has one stream, and most jobs have ended. */
const maximumKnownStreamCount = 1_000;
const maximumBufferedLines = 10_000;
const maximumBufferedBytes = 4 * 1024 * 1024;
