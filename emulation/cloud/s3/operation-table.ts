// All operations of S3 by what selects them: those served here with the permission that they need, and the names of the
// others, so that a refusal can name what was asked. It runs nothing.
import { createBucket, deleteBucket, headBucket } from './operation/bucket.ts';
import { completeMultipartUpload } from './operation/complete-upload.ts';
import { copyObject } from './operation/copy-object.ts';
import { deleteObject, deleteObjects } from './operation/delete-object.ts';
import { getObject } from './operation/get-object.ts';
import { listObjectsV2 } from './operation/list-objects.ts';
import { putObject } from './operation/put-object.ts';
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './operation/tagging.ts';
import { abortMultipartUpload, createMultipartUpload, listMultipartUploads, listParts } from './operation/upload.ts';
import { uploadPart, uploadPartCopy } from './operation/upload-part.ts';
import type { S3Operation } from './request.ts';

type Level = 'service' | 'bucket' | 'object';
export type Entry = {
  name: string;
  method: string;
  level: Level;
  /** Parameters of the query that must be there, `name` or `name=value`. */
  query?: readonly string[];
  /** A header that must be there. */
  header?: string;
  /** The IAM action on the bucket's or object's ARN; absent where the operation asks for each key itself. */
  action?: string;
  run: S3Operation;
};

/** More specific entries stand before those that they would be mistaken for. */
const operations: readonly Entry[] = [
  { name: 'CreateBucket', method: 'PUT', level: 'bucket', action: 's3:CreateBucket', run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', action: 's3:ListBucket', run: headBucket },
  { name: 'DeleteBucket', method: 'DELETE', level: 'bucket', action: 's3:DeleteBucket', run: deleteBucket },
  {
    name: 'ListObjectsV2',
    method: 'GET',
    level: 'bucket',
    query: ['list-type=2'],
    action: 's3:ListBucket',
    run: listObjectsV2,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    level: 'bucket',
    query: ['uploads'],
    action: 's3:ListBucketMultipartUploads',
    run: listMultipartUploads,
  },
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
    name: 'UploadPartCopy',
    method: 'PUT',
    level: 'object',
    query: ['partNumber', 'uploadId'],
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    run: uploadPartCopy,
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
  {
    name: 'GetObjectTagging',
    method: 'GET',
    level: 'object',
    query: ['tagging'],
    action: 's3:GetObjectTagging',
    run: getObjectTagging,
  },
  {
    name: 'PutObjectTagging',
    method: 'PUT',
    level: 'object',
    query: ['tagging'],
    action: 's3:PutObjectTagging',
    run: putObjectTagging,
  },
  {
    name: 'DeleteObjectTagging',
    method: 'DELETE',
    level: 'object',
    query: ['tagging'],
    action: 's3:DeleteObjectTagging',
    run: deleteObjectTagging,
  },
  {
    name: 'CopyObject',
    method: 'PUT',
    level: 'object',
    header: 'x-amz-copy-source',
    action: 's3:PutObject',
    run: copyObject,
  },
  { name: 'PutObject', method: 'PUT', level: 'object', action: 's3:PutObject', run: putObject },
  { name: 'GetObject', method: 'GET', level: 'object', action: 's3:GetObject', run: getObject },
  { name: 'HeadObject', method: 'HEAD', level: 'object', action: 's3:GetObject', run: getObject },
  { name: 'DeleteObject', method: 'DELETE', level: 'object', action: 's3:DeleteObject', run: deleteObject },
];

/** Parameters that turn a request into another operation, and what that one is about. */
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

/** The operation that a request asks for, or the name of the one that is not served here. */
export function findOperation(
  method: string,
  level: Level,
  query: ReadonlyMap<string, string>,
  hasHeader: (name: string) => boolean,
): Entry | { unserved: string } {
  const selectors = Object.keys(subresources).filter((name) => query.has(name));
  const entry = operations.find((candidate) => {
    const needed = (candidate.query ?? []).map((parameter) => parameter.split('=') as [string, string?]);
    return (
      candidate.method === method &&
      candidate.level === level &&
      needed.every(([name, value]) => query.has(name) && (value === undefined || query.get(name) === value)) &&
      selectors.every((selector) => needed.some(([name]) => name === selector)) &&
      (candidate.header === undefined || hasHeader(candidate.header))
    );
  });
  return entry ?? { unserved: nameOf(method, level, selectors) };
}

function nameOf(method: string, level: Level, selectors: readonly string[]): string {
  if (selectors.length === 0 && method === 'GET') return level === 'service' ? 'ListBuckets' : 'ListObjects';
  const noun = level === 'bucket' ? 'Bucket' : level === 'object' ? 'Object' : '';
  return `${verbs[method] ?? method}${noun}${selectors.map((name) => subresources[name]).join('')}`;
}
