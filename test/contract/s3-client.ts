// Shared by the S3 suites: a client, a bucket, presigned URLs, and readers of refusals.

import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  type GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
  type UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { contractRegion, type Endpoint } from './endpoint.ts';

export function clientOf(
  { endpoint, credentials }: Endpoint,
  checksums: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED' = 'WHEN_SUPPORTED',
): S3Client {
  return new S3Client({
    endpoint,
    credentials,
    region: contractRegion,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: checksums,
  });
}

export async function givenBucket(client: S3Client): Promise<string> {
  const Bucket = `contract-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  return Bucket;
}

export async function givenObject(client: S3Client, input: PutObjectCommandInput): Promise<string> {
  return (await client.send(new PutObjectCommand(input))).ETag ?? '';
}

/** The refusal of a call: `<status> <code>`, or `accepted`. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    if (error instanceof S3ServiceException) return `${error.$metadata.httpStatusCode} ${error.name}`;
    throw error;
  }
}

/** The refusal in a plain HTTP answer as `<status> <code>`, or only the status if there is no code. */
export async function refusalIn(response: Response): Promise<string> {
  const code = /<Code>([^<]*)<\/Code>/.exec(await response.text())?.[1];
  return code ? `${response.status} ${code}` : String(response.status);
}

export function presign(
  client: S3Client,
  command: PutObjectCommand | GetObjectCommand | UploadPartCommand,
  options: Parameters<typeof getSignedUrl>[2] = {},
): Promise<string> {
  return getSignedUrl(client as never, command as never, { expiresIn: 300, ...options });
}

export async function textOf(body: { transformToString(): Promise<string> } | undefined): Promise<string> {
  return (await body?.transformToString()) ?? '';
}
