// Makes the "Object Created" events that buckets send to EventBridge.
// Form: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

import { randomUUID } from 'node:crypto';
import { localAccountId, localRegion } from '../wire/account.ts';

export type ObjectCreated = {
  version: '0';
  id: string;
  'detail-type': 'Object Created';
  source: 'aws.s3';
  account: string;
  time: string;
  region: string;
  resources: string[];
  detail: {
    version: '0';
    bucket: { name: string };
    /** The key is as the client wrote it, not URL-encoded. */
    object: { key: string; size: number; etag: string; sequencer: string };
    'request-id': string;
    requester: string;
    'source-ip-address': string;
    reason: 'PutObject' | 'CompleteMultipartUpload';
  };
};

export type Cause = {
  bucket: string;
  key: string;
  size: number;
  etag: string;
  reason: ObjectCreated['detail']['reason'];
  requestId: string;
  sourceIp: string;
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
