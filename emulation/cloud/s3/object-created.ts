// Makes the "Object Created" events that buckets send to EventBridge.
// Form: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

import { randomUUID } from 'node:crypto';
import { localAccountId, localRegion } from '../wire/account.ts';

export type ObjectCreated = {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': 'Object Created';
  readonly source: 'aws.s3';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: {
    readonly version: '0';
    readonly bucket: { readonly name: string };
    /** The key is as the client wrote it, not URL-encoded. */
    readonly object: { readonly key: string; readonly size: number; readonly etag: string; readonly sequencer: string };
    readonly 'request-id': string;
    readonly requester: string;
    readonly 'source-ip-address': string;
    readonly reason: 'PutObject' | 'CompleteMultipartUpload';
  };
};

export type Cause = {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly reason: ObjectCreated['detail']['reason'];
  readonly requestId: string;
  readonly sourceIp: string;
};

/** @param number rises from event to event. It shows which of two writes of a key was the later one. */
export function objectCreated(cause: Cause, number: number, now: number): ObjectCreated {
  const { bucket, key, size, etag } = cause;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: localAccountId,
    time: new Date(now).toISOString().replace(/\.\d{3}/, ''),
    region: localRegion,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: { key, size, etag, sequencer: number.toString(16).toUpperCase().padStart(18, '0') },
      'request-id': cause.requestId,
      requester: localAccountId,
      'source-ip-address': cause.sourceIp,
      reason: cause.reason,
    },
  };
}
