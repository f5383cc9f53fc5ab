// Creates or replaces an object: writes its row, parts and event in one transaction.

import { inTransaction } from '../wire/transaction.ts';
import { checkWrite } from './condition.ts';
import { type Cause, objectCreated } from './object-created.ts';
import type { ObjectRow, PartRow } from './object-table.ts';
import { requireBucket, type S3Core, type S3Request } from './request.ts';

/**
 * The new content of an object, and the reason for it. `parts` are new rows. The rows of an upload's parts exist
 * already.
 */
export type Content = Omit<ObjectRow, 'bucket' | 'key' | 'modifiedAt'> & {
  readonly modifiedAt: number;
  readonly parts?: readonly Omit<PartRow, 'owner'>[];
  readonly reason: Cause['reason'];
};

/**
 * Stores the object that the request names. It checks the request's conditions again, because nothing can intervene
 * here. `alongside` joins the transaction. When this returns, the object and its event are durable.
 */
export function saveObject(core: S3Core, request: S3Request, content: Content, alongside?: () => void): ObjectRow {
  const { bucket, key } = request;
  const { parts, reason, ...facts } = content;
  const object: ObjectRow = { bucket, key, ...facts };
  const freed = inTransaction(core.database, () => {
    const settings = requireBucket(core, bucket);
    const existing = core.table.loadObject(bucket, key);
    checkWrite(existing, request.header);
    const blobs = existing ? freeContent(core, existing.id) : [];
    alongside?.();
    core.table.putObject(object);
    for (const part of parts ?? []) core.table.putPart({ owner: object.id, ...part });
    if (settings.eventBridge) {
      core.outbox.put((number) => objectCreated(causeOf(object, request, reason), number, core.now()));
    }
    return blobs;
  });
  core.blobs.remove(freed);
  return object;
}

/**
 * Deletes the parts of a content or an upload. After its transaction, the caller removes the blobs that this returns.
 */
export function freeContent(core: S3Core, owner: string): string[] {
  const blobs = core.table.loadParts(owner).map((part) => part.blob);
  core.table.deleteParts(owner);
  return blobs;
}

function causeOf(object: ObjectRow, request: S3Request, reason: Cause['reason']): Cause {
  const { bucket, key, size, etag } = object;
  const sourceIp = request.http.socket.remoteAddress ?? '127.0.0.1';
  return { bucket, key, size, etag, reason, requestId: request.requestId, sourceIp };
}
