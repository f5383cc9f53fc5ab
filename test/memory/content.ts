// Bodies and bytes of files in memory. URLs lead nowhere, so tests put bytes with `receivePart`.

import { hash } from 'node:crypto';
import type { Bodies, BodyKind, Content, UploadedPart } from '../../core/context.ts';
import { uploadUrlSeconds } from '../../core/object/part.ts';
import { around, type Hook } from './rows.ts';

export interface MemoryBodies extends Bodies {
  hook: Hook;
  peek(id: string, kind: BodyKind): unknown;
  /** A text that is equal when all bodies are equal. */
  digest(): string;
}

/** Bodies survive a JSON round trip, as they do in the tables. */
export function createMemoryBodies(): MemoryBodies {
  const texts = new Map<string, string>();
  const parse = (id: string, kind: BodyKind): unknown => {
    const text = texts.get(`${id}/${kind}`);
    return text === undefined ? undefined : JSON.parse(text);
  };
  const step = <Result>(
    name: string,
    ids: readonly string[],
    kind: BodyKind,
    writes: boolean,
    act: () => Result,
    args: unknown = ids,
  ): Promise<Result> => {
    const keys = ids.map((id) => `bodies ${id}/${kind}`);
    const detail = `${ids.join(' ')}/${kind}`;
    return around(bodies.hook, { port: 'bodies', name, detail, writes, args, keys }, act);
  };
  const bodies: MemoryBodies = {
    hook: {},
    peek: parse,
    digest: () => {
      const parts: string[] = [];
      for (const [key, text] of texts) parts.push(`${key} ${digestOf(text)}`);
      return parts.sort().join(' ');
    },
    save: (id, kind, body, options) =>
      step(
        'save',
        [id],
        kind,
        true,
        () => {
          if (options?.ifAbsent && texts.has(`${id}/${kind}`)) return false;
          texts.set(`${id}/${kind}`, JSON.stringify(body));
          return true;
        },
        { body, options },
      ),
    load: (id, kind) => step('load', [id], kind, false, () => parse(id, kind)),
    // The bodies in memory are never in a bucket.
    collect: async () => undefined,
    loadEach: async function* (ids, kind) {
      yield* await step('loadEach', ids, kind, false, () => ids.map((id) => parse(id, kind)));
    },
  };
  return bodies;
}

/** Texts are the same in every run of a search, so each is digested once. */
function digestOf(text: string): string {
  const known = digests.get(text);
  if (known !== undefined) return known;
  const digest = hash('sha1', text, 'base64');
  digests.set(text, digest);
  if (digests.size > rememberedTexts) digests.clear();
  return digest;
}

const digests = new Map<string, string>();
const rememberedTexts = 10_000;

type Upload = { readonly key: string; readonly parts: Map<number, UploadedPart & { readonly bytes: Uint8Array }> };
export interface MemoryContent extends Content {
  /** Stores a part, as S3 does when the client puts it to its URL. */
  receivePart(uploadId: string, part: UploadedPart & { readonly bytes: Uint8Array }): void;
  bytes(key: string): Uint8Array | undefined;
  keys(): string[];
}

/** Content in memory, without any bytes yet. */
export function createMemoryContent(now: () => number): MemoryContent {
  const uploads = new Map<string, Upload>();
  const files = new Map<string, Uint8Array>();
  let uploadCount = 0;
  const uploadOf = (key: string, uploadId: string): Upload => {
    const upload = uploads.get(uploadId);
    if (upload?.key !== key) throw new Error(`there is no upload ${uploadId} of ${key}`);
    return upload;
  };
  return {
    async startUpload(key) {
      const uploadId = `upload-${++uploadCount}`;
      uploads.set(uploadId, { key, parts: new Map() });
      return uploadId;
    },
    async uploadUrl(key, uploadId, part) {
      uploadOf(key, uploadId);
      const url = `http://content.invalid/${key}?uploadId=${uploadId}&partNumber=${part.index}`;
      return { url, headers: { 'content-length': String(part.size) }, expires: now() + uploadUrlSeconds * 1000 };
    },
    async listParts(key, uploadId) {
      if (uploads.get(uploadId)?.key !== key) return undefined;
      const parts = [...uploadOf(key, uploadId).parts.values()].sort((first, second) => first.index - second.index);
      return parts.map(({ index, size, md5 }) => ({ index, size, md5 }));
    },
    async completeUpload(key, uploadId, parts) {
      if (files.has(key) && !uploads.has(uploadId)) return;
      const upload = uploadOf(key, uploadId);
      const bytes = parts.map((part) => upload.parts.get(part.index)?.bytes);
      if (bytes.some((one) => one === undefined)) throw new Error('a part of the upload is missing');
      files.set(key, Buffer.concat(bytes as Uint8Array[]));
      uploads.delete(uploadId);
    },
    async abortUpload(_key, uploadId) {
      uploads.delete(uploadId);
    },
    size: async (key) => files.get(key)?.length,
    async beginning(key, count) {
      const bytes = files.get(key);
      return bytes === undefined || bytes.length === 0 ? undefined : bytes.slice(0, count);
    },
    downloadUrl: async (key, { expiresSeconds }) => `http://content.invalid/${key}?expires=${expiresSeconds}`,
    async remove(keys) {
      for (const key of keys) files.delete(key);
    },
    receivePart(uploadId, part) {
      const upload = uploads.get(uploadId);
      if (upload === undefined) throw new Error(`there is no upload ${uploadId}`);
      upload.parts.set(part.index, part);
    },
    bytes: (key) => files.get(key),
    keys: () => [...files.keys()],
  };
}
