// Writes the worker's lines to its standard output, which is a pipe that another process empties. Node writes to a full
// pipe later, and loses what is not written when the process exits.

import type { Writable } from 'node:stream';

type Source = { pause(): unknown; resume(): unknown };
export type LogOutput = {
  write(text: string): void;
  /** Pauses this source while the pipe is full, so that a job's output is kept in the job and not in memory here. */
  hold(source: Source): void;
  /** Resolves when everything that was written has left, or after a time limit. */
  flushed(): Promise<void>;
};

/** @param delayMs lines that a job of some milliseconds writes leave together, if they are held back for this time */
export function createLogOutput(stream: Writable, delayMs?: number): LogOutput {
  const held = new Set<Source>();
  let pending: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  // All lines of a piece of output are written at once: a write for each would cost more than the line.
  const taken = (): string => {
    clearTimeout(timer);
    const text = pending.join('');
    pending = [];
    return text;
  };
  const flush = (): void => {
    const text = taken();
    if (text !== '') stream.write(text);
  };
  // The pipe was closed at the other end: the platform is gone, and its other pipe says so too (stop.ts).
  stream.on('error', () => undefined);
  stream.on('drain', () => {
    for (const source of held) source.resume();
    held.clear();
  });
  return {
    write(text) {
      if (pending.push(text) > 1) return;
      if (delayMs === undefined) queueMicrotask(flush);
      else timer = setTimeout(flush, delayMs);
    },
    hold(source) {
      flush();
      if (!stream.writableNeedDrain) return;
      held.add(source);
      source.pause();
    },
    async flushed() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, flushLimitMs);
      stream.write(taken(), () => resolve());
      await promise;
      clearTimeout(limit);
    },
  };
}

/** Longest wait for a pipe that is not being emptied. */
const flushLimitMs = 30_000;
