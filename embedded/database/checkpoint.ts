// Keeps the log of the database short. What is written goes to the log first, and a checkpoint moves it into the file.

import { Worker } from 'node:worker_threads';
import { programFile } from '../../machine/program-file.ts';

export type Checkpoints = {
  /** Called after a commit, when no transaction is open. */
  afterCommit(): void;
  close(): Promise<void>;
};
export type CheckpointOptions = {
  readonly path: string;
  readonly logBytes: () => number;
  /** Moves the whole log, while everybody waits. */
  readonly moveAll: () => void;
  readonly onLost: (fault: unknown) => void;
  readonly limits?: { readonly thread: number; readonly wait: number };
};

/**
 * A thread moves the log once it is long. It may never catch up with a writer who does not pause, so a very long log is
 * moved while the writer waits.
 */
export function createCheckpoints({
  path,
  logBytes,
  moveAll,
  onLost,
  limits = usualLimits,
}: CheckpointOptions): Checkpoints {
  let thread: Worker | undefined;
  let isBusy = false;
  let commits = 0;
  const ask = () => {
    thread ??= new Worker(programFile('checkpointThread'), { workerData: path })
      .on('message', () => {
        isBusy = false;
      })
      .on('error', onLost);
    thread.unref();
    isBusy = true;
    thread.postMessage('checkpoint');
  };
  return {
    afterCommit() {
      commits += 1;
      if (commits % commitsPerLook !== 0) return;
      const bytes = logBytes();
      if (bytes > limits.wait && !isBusy) moveAll();
      else if (bytes > limits.thread && !isBusy) ask();
    },
    close: async () => void (await thread?.terminate()),
  };
}

const commitsPerLook = 16;
const usualLimits = { thread: 8 * 1024 * 1024, wait: 64 * 1024 * 1024 };
