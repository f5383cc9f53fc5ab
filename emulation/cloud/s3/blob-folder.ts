// The folder with the bytes of objects. A blob is written once, named at random, and never changed; rows in the database say
// which are in use. It must not know keys, so that no key can ever be a path.
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Bytes that one read of a blob takes from the disk. */
const READ_BYTES = 256 * 1024;

/** Blobs that are being read, so that one that is replaced meanwhile stays until its last reader has ended. */
export type Hold = { release(): void };

export class BlobFolder {
  readonly #incoming: string;
  readonly #settled: string;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  /** Opens the folder and removes what no row names: bytes of requests that a crash cut off. */
  constructor(folder: string, inUse: ReadonlySet<string>) {
    this.#incoming = join(folder, 'incoming');
    this.#settled = join(folder, 'blob');
    rmSync(this.#incoming, { recursive: true, force: true });
    for (const path of [this.#incoming, this.#settled]) mkdirSync(path, { recursive: true, mode: 0o700 });
    for (const id of readdirSync(this.#settled)) if (!inUse.has(id)) rmSync(join(this.#settled, id), { force: true });
    syncFolder(folder);
  }

  /**
   * Stores the bytes of `source` under a new id. When this resolves they survive a power loss; when it rejects (also
   * because `source` threw) nothing of them is left. A blob that gets no row is removed at the next start.
   */
  async receive(source: AsyncIterable<Uint8Array>): Promise<{ id: string; size: number }> {
    const id = randomBytes(16).toString('hex');
    const path = join(this.#incoming, id);
    let size = 0;
    try {
      const handle = await open(path, 'wx', 0o600);
      try {
        for await (const bytes of source) {
          await handle.writeFile(bytes);
          size += bytes.length;
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(path, join(this.#settled, id));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    await this.#syncSettled();
    return { id, size };
  }

  /** Keeps blobs from being removed. Must be called in the same turn of the event loop as the reading of their rows. */
  hold(ids: readonly string[]): Hold {
    for (const id of ids) this.#readers.set(id, (this.#readers.get(id) ?? 0) + 1);
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        for (const id of ids) this.#leave(id);
      },
    };
  }

  /** The bytes of a held blob from `start` up to, not including, `end`. */
  async *read(id: string, start: number, end: number): AsyncGenerator<Buffer> {
    if (end <= start) return;
    const handle: FileHandle = await open(join(this.#settled, id), 'r');
    try {
      for (let position = start; position < end; ) {
        const wanted = Math.min(READ_BYTES, end - position);
        const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position);
        if (bytesRead === 0) throw new Error(`the blob ${id} is shorter than its row says`);
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }

  /** Removes blobs that no row names any more, each as soon as nobody reads it. */
  remove(ids: readonly string[]): void {
    for (const id of ids) {
      if (this.#readers.has(id)) this.#doomed.add(id);
      else rmSync(join(this.#settled, id), { force: true });
    }
  }

  #leave(id: string): void {
    const left = (this.#readers.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#readers.set(id, left);
      return;
    }
    this.#readers.delete(id);
    if (this.#doomed.delete(id)) this.remove([id]);
  }

  async #syncSettled(): Promise<void> {
    const handle = await open(this.#settled, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
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
