// The one place where an object comes to be or is replaced: row, parts and event in one transaction. It reads no body.
import { inTransaction } from '../wire/transaction.ts';
import { checkWrite } from './condition.ts';
import { type Cause, objectCreated } from './object-created.ts';
import type { ObjectRow, PartRow } from './object-table.ts';
import { requireBucket, type S3Core, type S3Request } from './request.ts';

/** The content that an object gets, and why. `parts` are new rows; those of an upload are there already. */
export type Content = Omit<ObjectRow, 'bucket' | 'key' | 'modifiedAt'> & {
  modifiedAt: number;
  parts?: Omit<PartRow, 'owner'>[];
  reason: Cause['reason'];
};

/**
 * Stores the object that the request names. The conditions of the request are asked again here, where nothing can come in
 * between. `alongside` joins the transaction. When this returns, the object and its event are durable.
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

/** Deletes the parts of a content or upload; the caller removes the blobs that it returns after its transaction. */
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
