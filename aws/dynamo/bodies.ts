// JSON documents of one execution: as text when tiny, compressed in the row when small, else in the content bucket.

import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Bodies, BodyKind, Row, Rows } from '../../core/context.ts';
import { bodyKey, bodyKindOf, readBody } from '../../core/row/execution/body.ts';
import { type Documents, documentKey, readDocumentKey } from '../s3/documents.ts';
import { createRowMemo } from './row-memo.ts';

/**
 * @param documents where bodies above 8 KB are kept, at `meta/<id>/<kind>/<mark>`
 * @param remind sees to it that `collect` is called for a key once every `save` that is under way now has ended
 */
export function createBodies(rows: Rows, documents: Documents, remind: (key: string) => Promise<void>): Bodies {
  const memo = createRowMemo();
  const loadRow = async (id: string, kind: BodyKind): Promise<Row | undefined> => {
    const known = unchanging.has(kind) ? memo.get(id) : undefined;
    if (known !== undefined) return known;
    const row = await rows.get('executions', bodyKey(id, kind));
    if (row !== undefined && unchanging.has(kind)) memo.set(id, row);
    return row;
  };
  return {
    async save(id, kind, body, options = {}) {
      const row = await rowOf(id, kind, body, documents, remind);
      if (options.ifAbsent) return rows.put('executions', row, 'absent');
      if (await rows.put('executions', row, { document: undefined })) return true;
      const before = readBody(await rows.get('executions', bodyKey(id, kind)), kind);
      if (before?.document !== undefined) await remind(before.document);
      return rows.put('executions', row);
    },
    async collect(key) {
      const body = readDocumentKey(key);
      const kind = body === undefined ? undefined : bodyKindOf(body.kind);
      if (body === undefined || kind === undefined) throw new Error(`${key} is not the key of a body`);
      const row = await rows.get('executions', bodyKey(body.id, kind));
      if (row?.document !== key) await documents.remove(key);
    },
    async load(id, kind) {
      return bodyOf(await loadRow(id, kind), kind, documents);
    },
    async *loadEach(ids, kind) {
      for (let start = 0; start < ids.length; start += rowsAtATime) {
        const keys = ids.slice(start, start + rowsAtATime).map((id) => bodyKey(id, kind));
        const found = await rows.getMany('executions', keys);
        for (let first = 0; first < found.length; first += parallelFetches) {
          // Compressed they are small. Each is unpacked only when its turn comes.
          const packed = found.slice(first, first + parallelFetches).map((row) => fetchBody(row, kind, documents));
          for (const body of await Promise.all(packed)) yield unpackBody(body);
        }
      }
    },
  };
}

/**
 * Every save has a key of its own in the bucket. If a row does not name the key when that save has ended, no row ever
 * will. The reminder is sent before, so that a crash between the two writes is covered.
 */
async function rowOf(
  id: string,
  kind: BodyKind,
  body: unknown,
  documents: Documents,
  remind: (key: string) => Promise<void>,
): Promise<Row> {
  const text = Buffer.from(JSON.stringify(body));
  if (text.length <= plainBytes) return { ...bodyKey(id, kind), json: text.toString() };
  const compressed = gzipSync(text);
  if (compressed.length <= inlineBytes) return { ...bodyKey(id, kind), gzip: new Uint8Array(compressed) };
  const key = documentKey(id, bodyKey(id, kind).sk, randomUUID());
  await remind(key);
  await documents.put(key, compressed);
  return { ...bodyKey(id, kind), document: key };
}

async function bodyOf(row: Row | undefined, kind: BodyKind, documents: Documents): Promise<unknown> {
  return unpackBody(await fetchBody(row, kind, documents));
}

/** The text of a body, or its compressed bytes. */
async function fetchBody(row: Row | undefined, kind: BodyKind, documents: Documents) {
  const body = readBody(row, kind);
  if (body === undefined) return undefined;
  const { json, gzip, document } = body;
  if (json !== undefined || gzip !== undefined) return json ?? gzip;
  if (document === undefined) throw new Error(`The body ${body.pk} ${body.sk} has no content.`);
  return documents.get(document);
}

function unpackBody(packed: string | Uint8Array | undefined): unknown {
  if (packed === undefined) return undefined;
  return JSON.parse(typeof packed === 'string' ? packed : gunzipSync(packed).toString());
}

/** Text up to this size costs one write unit as it is, and can be read in the console. */
const plainBytes = 800;
/** Compressed bodies above this size are kept in S3: a row is at most 400 KB, and each KB written is paid for. */
const inlineBytes = 8 * 1024;
const rowsAtATime = 100;
/** Documents of one `loadEach` that are fetched from S3 at once. */
const parallelFetches = 16;
/** The request of a job. It is written before the job's row (`ifAbsent`), and never again. */
const unchanging: ReadonlySet<BodyKind> = new Set(['spec']);
