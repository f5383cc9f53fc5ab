// Parts of an open file: announced here, put to S3 by the client, read back from S3. Closing is close-file.ts.

import type { Context } from '../../core/context.ts';
import { invalidState, serviceUnavailable } from '../../core/error/api-error.ts';
import type { FileId } from '../../core/id/identifier.ts';
import type { FilePart } from '../../core/object/part.ts';
import { refusalInState } from '../../core/object/state.ts';
import { announcedPartKey, contentKey, isGone, type ObjectFacts, objectKey, toObjectFacts } from './row.ts';

/**
 * The URL to put a part to, good for these bytes only. Asking again for an index replaces the part.
 *
 * @returns `headers` to be sent along; `expires` in milliseconds since 1970
 */
export async function announcePart(context: Context, id: FileId, facts: ObjectFacts, part: FilePart) {
  const key = contentKey(id, facts);
  const uploadId = facts.uploadId ?? (await startUpload(context, id, key));
  const { index, size, md5 } = part;
  await context.rows.put('objects', { ...announcedPartKey(id, index), index, size, md5 });
  return context.content.uploadUrl(key, uploadId, part);
}

/** Many threads ask for their first part at once: one upload wins, the others are given up. */
async function startUpload(context: Context, id: FileId, key: string): Promise<string> {
  const started = await context.content.startUpload(key);
  for (let attempt = 0; attempt < startAttemptCount; attempt++) {
    const row = await context.rows.get('objects', objectKey(id));
    const facts = isGone(row) ? undefined : toObjectFacts(row);
    if (facts?.state === 'open' && facts.uploadId === undefined) {
      const expected = { state: 'open', uploadId: undefined, dying: facts.dying };
      const change = { set: { uploadId: started } };
      if ((await context.rows.update('objects', objectKey(id), change, expected)) !== undefined) return started;
      continue;
    }
    await context.content.abortUpload(key, started);
    const refusal = facts === undefined ? `"${id}" is gone` : refusalInState(id, 'upload', facts.state);
    if (facts?.uploadId === undefined || refusal !== undefined) throw invalidState(refusal ?? `"${id}" is gone`);
    return facts.uploadId;
  }
  await context.content.abortUpload(key, started);
  throw serviceUnavailable(`"${id}" is being changed by many requests at once`);
}

/** The parts that S3 has of a file that is not closed, in order. */
export async function loadUploadedParts(context: Context, id: FileId, facts: ObjectFacts): Promise<FilePart[]> {
  if (facts.uploadId === undefined) return [];
  return context.content.listParts(contentKey(id, facts), facts.uploadId);
}

/** The parts that were announced, in order: as the client described each last. */
export async function loadAnnouncedParts(context: Context, id: FileId): Promise<FilePart[]> {
  const parts: FilePart[] = [];
  let after: string | undefined;
  do {
    const range = { pk: `${id}#upload`, limit: partPageSize, ...(after === undefined ? {} : { after }) };
    const page = await context.rows.query('objects', range);
    for (const { index, size, md5 } of page.rows) {
      parts.push({ index: Number(index), size: Number(size), md5: String(md5) });
    }
    after = page.next;
  } while (after !== undefined);
  return parts;
}

const startAttemptCount = 5;
const partPageSize = 1_000;
