// JSON documents of one execution: as text when tiny, compressed in the row when small, else in the content bucket.
import { randomUUID } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Bodies, BodyKind, Row, Rows } from '../../core/context.ts';
import { type Documents, documentKey, readDocumentKey } from '../s3/documents.ts';
import { createRowMemo } from './row-memo.ts';

/** Text up to this size costs one write unit as it is, and can be read in the console. */
const plainBytes = 800;
/** Compressed bodies above this size are kept in S3: a row is at most 400 KB, and each KB written is paid for. */
const inlineBytes = 8 * 1024;
/** Documents of one `loadMany` that are fetched from S3 at once. */
const parallelFetches = 16;
/** The request of a job. It is written before the job's row (`ifAbsent`), and never again. */
const unchanging: ReadonlySet<BodyKind> = new Set(['S']);

/**
 * @param documents where bodies above 8 KB are kept, at `meta/<id>/<kind>/<mark>`
 * @param remind sees to it that `collect` is called for a key once every `save` that is under way now has ended
 */
export function createBodies(rows: Rows, documents: Documents, remind: (key: string) => Promise<void>): Bodies {
  const memo = createRowMemo();
  const loadRow = async (id: string, kind: BodyKind): Promise<Row | undefined> => {
    const known = unchanging.has(kind) ? memo.get(id) : undefined;
    if (known !== undefined) return known;
    const row = await rows.get('executions', { pk: id, sk: kind });
    if (row !== undefined && unchanging.has(kind)) memo.set(id, row);
    return row;
  };
  return {
    async save(id, kind, body, options = {}) {
      const row = await rowOf(id, kind, body, documents, remind);
      if (options.ifAbsent) return rows.put('executions', row, 'absent');
      if (await rows.put('executions', row, { document: undefined })) return true;
      const before = await rows.get('executions', { pk: id, sk: kind });
      if (typeof before?.document === 'string') await remind(before.document);
      return rows.put('executions', row);
    },
    async collect(key) {
      const body = readDocumentKey(key);
      if (body === undefined) throw new Error(`${key} is not the key of a body`);
      const row = await rows.get('executions', { pk: body.id, sk: body.kind });
      if (row?.document !== key) await documents.remove(key);
    },
    async load(id, kind) {
      return bodyOf(await loadRow(id, kind), documents);
    },
    async loadMany(ids, kind) {
      const found = await rows.getMany(
        'executions',
        ids.map((id) => ({ pk: id, sk: kind })),
      );
      const bodies: unknown[] = [];
      for (let start = 0; start < found.length; start += parallelFetches) {
        const group = found.slice(start, start + parallelFetches);
        bodies.push(...(await Promise.all(group.map((row) => bodyOf(row, documents)))));
      }
      return bodies;
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
  if (text.length <= plainBytes) return { pk: id, sk: kind, json: text.toString() };
  const compressed = gzipSync(text);
  if (compressed.length <= inlineBytes) return { pk: id, sk: kind, gzip: new Uint8Array(compressed) };
  const key = documentKey(id, kind, randomUUID());
  await remind(key);
  await documents.put(key, compressed);
  return { pk: id, sk: kind, document: key };
}

async function bodyOf(row: Row | undefined, documents: Documents): Promise<unknown> {
  if (row === undefined) return undefined;
  if (typeof row.json === 'string') return JSON.parse(row.json);
  if (row.gzip instanceof Uint8Array) return JSON.parse(gunzipSync(row.gzip).toString());
  if (typeof row.document !== 'string') throw new Error(`The body ${row.pk} ${row.sk} has no content.`);
  const compressed = await documents.get(row.document);
  return JSON.parse(gunzipSync(compressed).toString());
}
