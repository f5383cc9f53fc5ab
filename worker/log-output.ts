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

export function createLogOutput(stream: Writable): LogOutput {
  const held = new Set<Source>();
  let pending: string[] = [];
  // All lines of a piece of output are written at once: a write for each would cost more than the line.
  const flush = (): void => {
    const text = pending.join('');
    pending = [];
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
      if (pending.push(text) === 1) queueMicrotask(flush);
    },
    hold(source) {
      flush();
      if (!stream.writableNeedDrain) return;
      held.add(source);
      source.pause();
    },
    async flushed() {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, flushLimitMs);
      flush();
      stream.write('', () => resolve());
      await promise;
      clearTimeout(timer);
    },
  };
}

/** Longest wait for a pipe that is not being emptied. */
const flushLimitMs = 30_000;
