// A kept worker's process as the platform sees it.

import { afterEach, expect, test, vi } from 'vitest';
import { type KeptProcess, startKeptProcess } from '../../embedded/worker/kept-process.ts';
import { programFile } from '../../machine/program-file.ts';

let kept: KeptProcess | undefined;
afterEach(() => kept?.close());

test('a job that comes after the end of its process is over at once', async () => {
  const onEnd = vi.fn();
  kept = startKeptProcess({
    program: programFile('worker'),
    environment: { PATH: process.env.PATH ?? '' },
    ask: async () => ({ status: 500, body: {} }),
    onLines: () => undefined,
    onIdle: () => undefined,
    onEnd,
  });
  process.kill(kept.pid, 'SIGKILL');
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalledExactlyOnceWith(undefined, 'SIGKILL'));
  kept.run({ kind: 'run', claim: {} as never, launch: 0, task: 'task-1', root: '/nowhere' });
  expect(onEnd).toHaveBeenLastCalledWith('task-1', 'SIGKILL');
});
