// The types of an S3 request and its reply, and the functions that read a request.

import type { IncomingMessage } from 'node:http';
import type { DatabaseSync } from 'node:sqlite';
import { decodeUri, parseTarget } from '../wire/canonical-request.ts';
import type { Outbox } from '../wire/outbox.ts';
import type { SignedRequest } from '../wire/signature.ts';
import type { BlobFolder } from './blob-folder.ts';
import type { BucketRow, ObjectTable } from './object-table.ts';
import { refuse } from './s3-error.ts';

/** The bucket and the key that a path names. Both are empty for `/`, and the key is empty for a bucket. */
export type Resource = { readonly bucket: string; readonly key: string };

export type S3Request = Resource & {
  readonly http: IncomingMessage;
  readonly requestId: string;
  readonly query: ReadonlyMap<string, string>;
  readonly signed: SignedRequest;
  /**
   * Returns a header. For a presigned URL it also finds `x-amz-…` parameters of the query, where signers put headers.
   */
  header(name: string): string | undefined;
  /** Throws AccessDenied if the caller's policies do not allow the action on the ARN. */
  authorise(action: string, resource: string): Promise<void>;
};

/** `body` is XML text, or a stream of bytes. */
export type S3Reply = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | AsyncIterable<Buffer>;
};

/** The stores and the clock that operations use. */
export type S3Core = {
  readonly database: DatabaseSync;
  readonly table: ObjectTable;
  readonly blobs: BlobFolder;
  readonly outbox: Outbox;
  now(): number;
};

/** One operation of S3. It refuses by throwing AwsError. */
export type S3Operation = (core: S3Core, request: S3Request) => Promise<S3Reply> | S3Reply;

/** Reads a request target in path style (`/<bucket>/<key>?…`). Throws InvalidURI and KeyTooLongError. */
export function parseResource(target: string): Resource & { query: ReadonlyMap<string, string> } {
  const { path, query } = parseTarget(target);
  const slash = path.indexOf('/', 1);
  const bucket = decodeUri(slash < 0 ? path.slice(1) : path.slice(1, slash));
  const key = slash < 0 ? '' : decodeUri(path.slice(slash + 1));
  const size = Buffer.byteLength(key);
  if (size > maximumKeyBytes) throw refuse('KeyTooLongError', { Size: size, MaxSizeAllowed: maximumKeyBytes });
  return { bucket, key, query: new Map(query) };
}

/**
 * Reads headers. For a presigned URL, parameters such as `x-amz-meta-…` count too, but checksums do not: signers put
 * the checksum of an empty body there, and S3 ignores it (https://github.com/localstack/localstack/issues/12169).
 */
export function headerReader(
  http: IncomingMessage,
  query: ReadonlyMap<string, string>,
  presigned: boolean,
): (name: string) => string | undefined {
  return (name) => {
    const values = http.headersDistinct[name];
    if (values) return values.join(',');
    const inQuery = presigned && name.startsWith('x-amz-') && !/^x-amz-(sdk-)?checksum-/.test(name);
    return inQuery ? query.get(name) : undefined;
  };
}

export function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}

export function objectArn({ bucket, key }: Resource): string {
  return `arn:aws:s3:::${bucket}/${key}`;
}

/** The bucket's row. Throws NoSuchBucket. */
export function requireBucket(core: S3Core, bucket: string): BucketRow {
  const row = core.table.loadBucket(bucket);
  if (!row) throw refuse('NoSuchBucket', { BucketName: bucket });
  return row;
}

/** Throws InvalidBucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): void {
  const formed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
  if (!formed || /^\d+\.\d+\.\d+\.\d+$/.test(name)) throw refuse('InvalidBucketName', { BucketName: name });
}

/** Cuts a time to whole seconds, as S3 keeps times. */
export function wholeSeconds(nowMs: number): number {
  return Math.floor(nowMs / 1000) * 1000;
}

/** The form of times in XML: `2026-11-21T00:30:00.000Z`. */
export function xmlTime(ms: number): string {
  return new Date(ms).toISOString();
}

const maximumKeyBytes = 1024;
