// The folder with the bytes of objects. A blob is written once, gets a random name, and never changes. The database
// rows say which blobs are in use. Keys are not used here, so that a key can never become a path.

import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Blobs that are being read. A blob that is replaced meanwhile stays until its last reader has ended. */
export type Hold = { release(): void };

export type BlobFolder = ReturnType<typeof openBlobFolder>;

/** Opens the folder and removes the blobs that no row names. They are left by requests that a crash cut off. */
export function openBlobFolder(folder: string, inUse: ReadonlySet<string>) {
  const { incoming, settled } = prepareFolders(folder, inUse);
  const readers = new Map<string, number>();
  const doomed = new Set<string>();

  /** Removes blobs that rows no longer name, each as soon as its last reader has ended. */
  const remove = (ids: readonly string[]): void => {
    for (const id of ids) {
      if (readers.has(id)) doomed.add(id);
      else rmSync(join(settled, id), { force: true });
    }
  };
  const leave = (id: string): void => {
    const left = (readers.get(id) ?? 1) - 1;
    if (left > 0) {
      readers.set(id, left);
      return;
    }
    readers.delete(id);
    if (doomed.delete(id)) remove([id]);
  };
  return {
    remove,
    /**
     * Stores the bytes of `source` under a new id. When this resolves, they survive a power loss. When it rejects, also
     * because `source` threw, nothing of them is left. A blob that gets no row is removed at the next start.
     */
    async receive(source: AsyncIterable<Uint8Array>): Promise<{ id: string; size: number }> {
      const id = randomBytes(16).toString('hex');
      const path = join(incoming, id);
      let size = 0;
      try {
        size = await writeDurably(path, source);
        await rename(path, join(settled, id));
      } catch (error) {
        await rm(path, { force: true });
        throw error;
      }
      await syncHandle(settled);
      return { id, size };
    },
    /** Keeps blobs from being removed. Call it in the same turn of the event loop in which their rows were read. */
    hold(ids: readonly string[]): Hold {
      for (const id of ids) readers.set(id, (readers.get(id) ?? 0) + 1);
      let held = true;
      return {
        release() {
          if (held) for (const id of ids) leave(id);
          held = false;
        },
      };
    },
    /** Yields the bytes of a held blob from `start` up to, but not including, `end`. */
    read: (id: string, start: number, end: number) => readRange(join(settled, id), start, end),
  };
}

function prepareFolders(folder: string, inUse: ReadonlySet<string>) {
  const incoming = join(folder, 'incoming');
  const settled = join(folder, 'blob');
  rmSync(incoming, { recursive: true, force: true });
  for (const path of [incoming, settled]) mkdirSync(path, { recursive: true, mode: 0o700 });
  for (const id of readdirSync(settled)) if (!inUse.has(id)) rmSync(join(settled, id), { force: true });
  syncFolder(folder);
  return { incoming, settled };
}

/** Returns the number of bytes once they are on the disk. */
async function writeDurably(path: string, source: AsyncIterable<Uint8Array>): Promise<number> {
  const handle = await open(path, 'wx', 0o600);
  let size = 0;
  try {
    for await (const bytes of source) {
      await handle.writeFile(bytes);
      size += bytes.length;
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return size;
}

async function* readRange(path: string, start: number, end: number): AsyncGenerator<Buffer> {
  if (end <= start) return;
  const handle = await open(path, 'r');
  try {
    for (let position = start; position < end; ) {
      const wanted = Math.min(readBytes, end - position);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
      if (bytesRead === 0) throw new Error(`the blob ${path} is shorter than its row says`);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function syncHandle(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes per read from the disk. */
const readBytes = 256 * 1024;
