// Measures the floor: the same command without any platform, `count` times, `atOnce` at a time.

import { spawn } from 'node:child_process';
import { emptyCode } from './applet.ts';
import { reapedMs } from './process-cost.ts';

export type Floor = { readonly wallMsPerJob: number; readonly cpuMsPerJob: number };

/** A small count is repeated until the clock can measure it. */
export async function measureBareSpawn(count: number, atOnce: number): Promise<Floor> {
  const spawned = Math.max(count, minimumSpawnCount);
  const cpuBefore = reapedMs();
  const startedAt = performance.now();
  let left = spawned;
  const spawnInTurn = async () => {
    while (left > 0) {
      left -= 1;
      await spawnOne();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, spawnInTurn));
  const wallMsPerJob = (performance.now() - startedAt) / spawned;
  return { wallMsPerJob, cpuMsPerJob: (reapedMs() - cpuBefore) / spawned };
}

function spawnOne(): Promise<void> {
  return new Promise((done, fail) => {
    const child = spawn('bash', ['-c', `${emptyCode}; main`], { stdio: 'ignore' });
    child.once('error', fail);
    child.once('exit', (code) => (code === 0 ? done() : fail(new Error(`bash ended with ${code}`))));
  });
}

const minimumSpawnCount = 100;
