// The program that starts workers for the platform. It is small, because the time of a fork grows with the memory of
// the process that forks. It obeys the messages on its channel, and ends with the platform.

import type { ProgramCommand, ProgramExit } from './program.ts';
import { type ProgramProcess, startProgramProcess } from './program-process.ts';

export type ToLauncher =
  | { readonly kind: 'start'; readonly task: ProgramCommand }
  | { readonly kind: 'stop'; readonly taskId: string }
  | { readonly kind: 'stopAll'; readonly timeoutMs: number };

export type FromLauncher = { readonly taskId: string } & (
  | { readonly kind: 'started'; readonly handle: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'exited'; readonly exit: ProgramExit }
);

const running = new Map<string, ProgramProcess>();
/** Set when all programs are to end: a program that is then being started ends as soon as it has started. */
let endingWithinMs: number | undefined;

process.on('message', (message: ToLauncher) => {
  switch (message.kind) {
    case 'start':
      return void run(message.task);
    case 'stop':
      return running.get(message.taskId)?.stop();
    case 'stopAll':
      endingWithinMs = message.timeoutMs;
      for (const task of running.values()) task.stopWithin(endingWithinMs);
      return;
    default:
      return message satisfies never;
  }
});
// The platform is gone. Its programs end when the pipes close that this process holds.
process.on('disconnect', () => process.exit());

async function run(task: ProgramCommand): Promise<void> {
  const { taskId } = task;
  try {
    const started = await startProgramProcess(task, (lines) => tell({ kind: 'lines', taskId, lines }));
    running.set(taskId, started);
    if (endingWithinMs !== undefined) started.stopWithin(endingWithinMs);
    await tell({ kind: 'started', taskId, handle: started.handle });
    const exit = await started.exited;
    await tell({ kind: 'exited', taskId, exit });
  } catch (error) {
    await tell({ kind: 'failed', taskId, message: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(taskId);
  }
}

/** Resolves when the message is on its way. A sender of many messages must wait for it. */
function tell(message: FromLauncher): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // It fails only when the platform is gone, which ends this process.
  process.send?.(message, undefined, {}, () => resolve());
  return promise;
}
