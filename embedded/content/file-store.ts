// The port `Content`: bytes of files as files of this machine. Parts of an upload lie beside each other until they are
// joined. A file has its name from the digest of its key, so that no key is ever a path.

import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Content, UploadedPart } from '../../core/context.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import type { ContentLinks } from './link.ts';

export type FileStore = Content & {
  /** Where a part is written before it is complete, and where it goes then. Undefined when there is no such upload. */
  partPlace(upload: string, part: UploadedPart): Promise<{ readonly draft: string; readonly path: string } | undefined>;
  /** The file of a key. */
  pathOf(key: string): string;
  /** Removes the uploads that are not wanted. `begunAt` is in milliseconds since 1970. */
  dropUploads(isWanted: (upload: OpenUpload) => Promise<boolean>): Promise<void>;
};

export type OpenUpload = { readonly key: string; readonly uploadId: string; readonly begunAt: number };

export type FileStoreOptions = {
  readonly folder: string;
  readonly links: ContentLinks;
  readonly now: () => number;
  /** Resolves when the rows that were written are kept. Nothing is moved or removed before: a kill would undo the rows. */
  readonly kept: () => Promise<void>;
};

export function createFileStore({ folder, links, now, kept }: FileStoreOptions): FileStore {
  const uploads = join(folder, 'upload');
  const digestOf = (key: string) => createHash('sha256').update(key).digest('hex');
  const pathOf = (key: string) => join(folder, 'file', digestOf(key).slice(0, 2), digestOf(key).slice(2));
  // The name of an upload holds the digest of its key, so an upload of another key is not found.
  const uploadOf = (key: string, uploadId: string) => `${digestOf(key).slice(0, 32)}-${uploadId}`;
  return {
    pathOf,
    async startUpload(key) {
      const uploadId = randomBytes(12).toString('hex');
      const upload = join(uploads, uploadOf(key, uploadId));
      // A look at the uploads sees either nothing, or an upload with its key.
      const draft = `${upload}.draft`;
      await mkdir(draft, { recursive: true, mode: 0o700 });
      await writeFile(join(draft, keyFile), key);
      await rename(draft, upload);
      await syncFolder(uploads);
      return uploadId;
    },
    async uploadUrl(key, uploadId, part) {
      const expires = now() + uploadUrlSeconds * 1000;
      const url = await links.upload({ upload: uploadOf(key, uploadId), part, expires });
      const md5 = Buffer.from(part.md5, 'hex').toString('base64');
      return { url, headers: { 'content-length': String(part.size), 'content-md5': md5 }, expires };
    },
    listParts: (key, uploadId) => listParts(join(uploads, uploadOf(key, uploadId))),
    async completeUpload(key, uploadId, parts) {
      await kept();
      await complete(join(uploads, uploadOf(key, uploadId)), pathOf(key), parts);
    },
    async abortUpload(key, uploadId) {
      await kept();
      await rm(join(uploads, uploadOf(key, uploadId)), { recursive: true, force: true });
    },
    size: async (key) => (await stat(pathOf(key)).catch(unlessMissing))?.size,
    beginning: (key, count) => readBeginning(pathOf(key), count),
    downloadUrl: (key, { expiresSeconds, filename, media }) =>
      links.download({ key, filename, media, expires: now() + expiresSeconds * 1000 }),
    async remove(keys) {
      await kept();
      for (const key of keys) await rm(pathOf(key), { force: true });
    },
    async partPlace(upload, part) {
      const at = join(uploads, upload);
      if (!(await exists(at))) return undefined;
      return { draft: join(at, `${part.index}.${randomBytes(6).toString('hex')}.draft`), path: join(at, nameOf(part)) };
    },
    dropUploads: (isWanted) => dropUploads(uploads, isWanted),
  };
}

/** A part that is uploaded again replaces the earlier one, so the newest file of an index counts. */
async function listParts(upload: string): Promise<UploadedPart[] | undefined> {
  const names = await readdir(upload).catch(unlessMissing);
  if (names === undefined) return undefined;
  const parts = new Map<number, UploadedPart & { readonly at: number }>();
  for (const name of names) {
    const part = partOf(name);
    const facts = part && (await stat(join(upload, name), { bigint: true }).catch(unlessMissing));
    if (part === undefined || facts === undefined) continue;
    const at = Number(facts.ctimeNs / 1000n);
    if ((parts.get(part.index)?.at ?? 0) <= at) parts.set(part.index, { ...part, at });
  }
  return [...parts.values()].sort((one, other) => one.index - other.index).map(({ at: _, ...part }) => part);
}

async function complete(upload: string, path: string, parts: readonly UploadedPart[]): Promise<void> {
  if (!(await exists(upload))) {
    if (await exists(path)) return;
    throw new Error('the upload is gone, and its parts were not joined');
  }
  // An earlier call may have ended after it had moved the only part.
  const isMoved = parts.length === 1 && (await listParts(upload))?.length === 0 && (await exists(path));
  if (!isMoved) await joinParts(upload, path, parts);
  await rm(upload, { recursive: true, force: true });
}

async function dropUploads(uploads: string, isWanted: (upload: OpenUpload) => Promise<boolean>): Promise<void> {
  for (const name of (await readdir(uploads).catch(unlessMissing)) ?? []) {
    const path = join(uploads, name);
    const facts = await stat(path).catch(unlessMissing);
    const key = await readFile(join(path, keyFile), 'utf8').catch(unlessMissing);
    const uploadId = name.slice(name.indexOf('-') + 1);
    const isKept = facts && key && (await isWanted({ key, uploadId, begunAt: facts.birthtimeMs }));
    if (!isKept) await rm(path, { recursive: true, force: true });
  }
}

/** Joins the parts in a file of its own, which gets its name when it is whole and on the disk. */
async function joinParts(upload: string, path: string, parts: readonly UploadedPart[]): Promise<void> {
  const made = await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(made));
  const [first, ...rest] = parts;
  if (first === undefined) throw new Error('an upload without parts cannot be completed');
  const whole = rest.length === 0 ? join(upload, nameOf(first)) : await writeWhole(upload, parts);
  await rename(whole, path);
  await syncFolder(dirname(path));
}

async function writeWhole(upload: string, parts: readonly UploadedPart[]): Promise<string> {
  const whole = join(upload, 'whole.draft');
  await rm(whole, { force: true });
  for (const part of parts) {
    const flush = part === parts.at(-1);
    await pipeline(createReadStream(join(upload, nameOf(part))), createWriteStream(whole, { flags: 'a', flush }));
  }
  return whole;
}

/** The new name of a file survives a power cut once its folder is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path);
  await folder.sync().finally(() => folder.close());
}

async function readBeginning(path: string, count: number): Promise<Uint8Array | undefined> {
  const file = await open(path).catch(unlessMissing);
  if (file === undefined) return undefined;
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(count), 0, count, 0);
    return bytesRead === 0 ? undefined : buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function nameOf({ index, size, md5 }: UploadedPart): string {
  return `${index}.${size}.${md5}`;
}

function partOf(name: string): UploadedPart | undefined {
  const [, index, size, md5 = ''] = /^(\d+)\.(\d+)\.([0-9a-f]{32})$/.exec(name) ?? [];
  return md5 === '' ? undefined : { index: Number(index), size: Number(size), md5 };
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(unlessMissing)) !== undefined;
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw error;
}

/** In the folder of an upload: the key that the bytes are for. */
const keyFile = 'key';
