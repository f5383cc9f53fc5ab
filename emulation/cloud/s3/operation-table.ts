// The S3 operations that the product calls, with the requests that select them and the permissions that they need. It
// also has the names of all others, so that a refusal can name the operation.

import { completeMultipartUpload } from './operation/complete-upload.ts';
import { deleteObject, deleteObjects, getObject, putObject } from './operation/object.ts';
import { abortMultipartUpload, createMultipartUpload, listParts } from './operation/upload.ts';
import { uploadPart } from './operation/upload-part.ts';
import type { S3Operation } from './request.ts';

type Level = 'service' | 'bucket' | 'object';
export type Entry = {
  readonly name: string;
  readonly method: string;
  readonly level: Level;
  /** Query parameters that must be present, as `name` or `name=value`. */
  readonly query?: readonly string[];
  /** The IAM action on the bucket's or the object's ARN. It is absent if the operation checks each key itself. */
  readonly action?: string;
  readonly run: S3Operation;
};

/** The table of operations. */
export const operations: readonly Entry[] = [
  { name: 'DeleteObjects', method: 'POST', level: 'bucket', query: ['delete'], run: deleteObjects },
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    level: 'object',
    query: ['uploads'],
    action: 's3:PutObject',
    run: createMultipartUpload,
  },
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    level: 'object',
    query: ['uploadId'],
    action: 's3:PutObject',
    run: completeMultipartUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    level: 'object',
    query: ['partNumber', 'uploadId'],
    action: 's3:PutObject',
    run: uploadPart,
  },
  {
    name: 'ListParts',
    method: 'GET',
    level: 'object',
    query: ['uploadId'],
    action: 's3:ListMultipartUploadParts',
    run: listParts,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    level: 'object',
    query: ['uploadId'],
    action: 's3:AbortMultipartUpload',
    run: abortMultipartUpload,
  },
  { name: 'PutObject', method: 'PUT', level: 'object', action: 's3:PutObject', run: putObject },
  { name: 'GetObject', method: 'GET', level: 'object', action: 's3:GetObject', run: getObject },
  { name: 'HeadObject', method: 'HEAD', level: 'object', action: 's3:GetObject', run: getObject },
  { name: 'DeleteObject', method: 'DELETE', level: 'object', action: 's3:DeleteObject', run: deleteObject },
];

/**
 * Finds the operation of a request, or the name of an operation that is not implemented. A PUT with a copy header is a
 * copy.
 */
export function findOperation(
  entries: readonly Entry[],
  method: string,
  level: Level,
  query: ReadonlyMap<string, string>,
  isCopy: boolean,
): Entry | { unserved: string } {
  const selectors = Object.keys(subresources).filter((name) => query.has(name));
  if (isCopy) return { unserved: query.has('uploadId') ? 'UploadPartCopy' : 'CopyObject' };
  const entry = entries.find((candidate) => {
    const needed = (candidate.query ?? []).map((parameter) => parameter.split('=') as [string, string?]);
    return (
      candidate.method === method &&
      candidate.level === level &&
      needed.every(([name, value]) => query.has(name) && (value === undefined || query.get(name) === value)) &&
      selectors.every((selector) => needed.some(([name]) => name === selector))
    );
  });
  return entry ?? { unserved: nameOf(method, level, selectors) };
}

function nameOf(method: string, level: Level, selectors: readonly string[]): string {
  if (selectors.length === 0 && method === 'GET') return level === 'service' ? 'ListBuckets' : 'ListObjects';
  const noun = level === 'bucket' ? 'Bucket' : level === 'object' ? 'Object' : '';
  return `${verbs[method] ?? method}${noun}${selectors.map((name) => subresources[name]).join('')}`;
}

/** Query parameters that select another operation, and the subject of that operation. */
const subresources: Readonly<Record<string, string>> = {
  abac: 'Abac',
  accelerate: 'AccelerateConfiguration',
  acl: 'Acl',
  analytics: 'AnalyticsConfiguration',
  annotation: 'Annotation',
  attributes: 'Attributes',
  cors: 'Cors',
  delete: 'Objects',
  encryption: 'Encryption',
  'intelligent-tiering': 'IntelligentTieringConfiguration',
  inventory: 'InventoryConfiguration',
  'legal-hold': 'LegalHold',
  lifecycle: 'LifecycleConfiguration',
  location: 'Location',
  logging: 'Logging',
  metadataConfiguration: 'MetadataConfiguration',
  metadataTable: 'MetadataTableConfiguration',
  metrics: 'MetricsConfiguration',
  notification: 'NotificationConfiguration',
  'object-lock': 'ObjectLockConfiguration',
  ownershipControls: 'OwnershipControls',
  partNumber: 'Part',
  policy: 'Policy',
  policyStatus: 'PolicyStatus',
  publicAccessBlock: 'PublicAccessBlock',
  renameObject: 'Rename',
  replication: 'Replication',
  requestPayment: 'RequestPayment',
  restore: 'Restore',
  retention: 'Retention',
  select: 'SelectContent',
  session: 'Session',
  tagging: 'Tagging',
  torrent: 'Torrent',
  uploadId: 'MultipartUpload',
  uploads: 'MultipartUploads',
  versionId: 'Version',
  versioning: 'Versioning',
  versions: 'Versions',
  website: 'Website',
};

const verbs: Readonly<Record<string, string>> = {
  GET: 'Get',
  HEAD: 'Head',
  PUT: 'Put',
  POST: 'Post',
  DELETE: 'Delete',
};
