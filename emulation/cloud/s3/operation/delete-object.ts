// DeleteObject and DeleteObjects: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
import { AwsError } from '../../wire/aws-error.ts';
import { inTransaction } from '../../wire/transaction.ts';
import { receiveText } from '../body.ts';
import { expectedChecksum } from '../checksum.ts';
import { checkWrite } from '../condition.ts';
import { objectArn, requireBucket, type S3Core, type S3Reply, type S3Request } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { freeContent } from '../save-object.ts';
import { childText, parseXml, renderXml, type XmlNode } from '../xml.ts';

const MAX_KEYS = 1000;

/** Deletes the object. That there is none is a success. */
export function deleteObject(core: S3Core, request: S3Request): S3Reply {
  const freed = inTransaction(core.database, () => {
    requireBucket(core, request.bucket);
    if (request.header('if-match') !== undefined) {
      checkWrite(core.table.loadObject(request.bucket, request.key), request.header);
    }
    return deleteKey(core, request.bucket, request.key);
  });
  core.blobs.remove(freed);
  return { status: 204 };
}

/** Deletes up to 1,000 objects in one transaction; those that the caller's policies protect are told as errors. */
export async function deleteObjects(core: S3Core, request: S3Request): Promise<S3Reply> {
  requireBucket(core, request.bucket);
  if (request.header('content-md5') === undefined && !expectedChecksum(request.header)) {
    throw refuse('InvalidRequest', {}, 'Missing required header for this request: Content-MD5');
  }
  const document = parseXml(await receiveText(request), 'Delete');
  const entries = document.children.filter((child) => child.name === 'Object');
  if (entries.length === 0 || entries.length > MAX_KEYS) throw refuse('MalformedXML');
  const allowed: string[] = [];
  const errors: XmlNode[] = [];
  for (const entry of entries) {
    const key = childText(entry, 'Key');
    if (!key) throw refuse('MalformedXML');
    const condition = entry.children.find((child) => child.name !== 'Key');
    if (condition) {
      errors.push({ Key: key, Code: 'NotImplemented', Message: `${condition.name} is not implemented here` });
      continue;
    }
    const refusal = await refusalOf(request, key);
    if (refusal) errors.push({ Key: key, Code: refusal.code, Message: refusal.message });
    else allowed.push(key);
  }
  const freed = inTransaction(core.database, () => allowed.flatMap((key) => deleteKey(core, request.bucket, key)));
  core.blobs.remove(freed);
  const quiet = childText(document, 'Quiet') === 'true';
  const deleted = quiet ? [] : allowed.map((key) => ({ Key: key }));
  return { body: renderXml({ DeleteResult: { Deleted: deleted, Error: errors } }) };
}

async function refusalOf(request: S3Request, key: string): Promise<AwsError | undefined> {
  try {
    await request.authorise('s3:DeleteObject', objectArn({ bucket: request.bucket, key }));
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

function deleteKey(core: S3Core, bucket: string, key: string): string[] {
  const object = core.table.loadObject(bucket, key);
  if (!object) return [];
  core.table.deleteObject(bucket, key);
  return freeContent(core, object.id);
}
