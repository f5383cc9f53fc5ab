// Keeps what was installed for a list of packages, so that the next job with the same list has it at once. A layer is a
// folder that is never changed after it has its name.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram } from '../program.ts';
import { removeJobFolder } from '../remove-folder.ts';
import { sayIfSlow } from '../slow-step.ts';

export type Shelf = {
  /** The folder of all layers of a data folder. */
  readonly folder: string;
  /** For the programs that keep it in order. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly over: AbortSignal;
  readonly say: (line: string) => void;
};

/**
 * Returns the folder of a layer. One job makes it, and others that need it meanwhile wait.
 *
 * @param what everything that decides what is in the layer
 * @param make fills an empty folder
 */
export async function keptLayer(
  { folder, environment, over, say }: Shelf,
  what: readonly [kind: string, ...unknown[]],
  make: (draft: string) => Promise<void>,
): Promise<string> {
  const digest = createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 24);
  const layer = join(folder, `${what[0]}-${digest}`);
  if (existsSync(layer)) return layer;
  mkdirSync(folder, { recursive: true });
  const waiting = 'Waiting for the same packages, which another job is installing';
  const unlock = await sayIfSlow(waiting, say, lock(`${layer}.lock`, over));
  try {
    if (existsSync(layer)) return layer;
    const draft = mkdtempSync(`${layer}.`);
    try {
      chmodSync(draft, 0o755);
      await make(draft);
      // A layer must be whole after a power cut, too.
      await runProgram('sync', ['-f', draft], { environment, over });
      renameSync(draft, layer);
    } catch (error) {
      // A draft that stays does no harm.
      removeJobFolder(draft, () => undefined);
      throw error;
    }
    return layer;
  } finally {
    unlock();
  }
}

/** A lock that ends with this process. Without the program `flock`, two jobs may make the same layer. */
function lock(path: string, over: AbortSignal): Promise<() => void> {
  const { promise, resolve, reject } = Promise.withResolvers<() => void>();
  const child = spawn('flock', [path, 'sh', '-c', 'echo locked; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const unlock = () => child.stdin.end();
  child.stdin.on('error', () => undefined);
  child.stdout.once('data', () => resolve(unlock));
  child.once('error', () => resolve(() => undefined));
  child.once('close', () => reject(new Error(`${path} cannot be locked`)));
  over.addEventListener('abort', () => {
    child.kill();
    reject(new Error('the job is over'));
  });
  return promise;
}
