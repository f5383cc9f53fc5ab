// Where the worker's lines leave it: its standard output, which is a pipe that somebody else empties. Node writes to a pipe
// later if it is full, and forgets what is not written when the process exits. Knows no line.
import type { Writable } from 'node:stream';

/** Longest wait for a pipe that nobody empties. */
const FLUSH_LIMIT_MS = 30_000;

type Source = { pause(): unknown; resume(): unknown };
export type LogOutput = {
  write(text: string): void;
  /** Lets this source wait while the pipe is full, so that what a job prints is kept in the job, not in memory here. */
  hold(source: Source): void;
  /** Resolves when all that was written has left, or after a bound. */
  flushed(): Promise<void>;
};

export function createLogOutput(stream: Writable): LogOutput {
  const held = new Set<Source>();
  let pending: string[] = [];
  // One write for all lines of a piece of output: a write for each would cost more than the line.
  const flush = (): void => {
    const text = pending.join('');
    pending = [];
    if (text !== '') stream.write(text);
  };
  // Closed at the other end: the platform is gone, and its other pipe says so too (stop.ts).
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
      const timer = setTimeout(resolve, FLUSH_LIMIT_MS);
      flush();
      stream.write('', () => resolve());
      await promise;
      clearTimeout(timer);
    },
  };
}
