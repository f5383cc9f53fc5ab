// The platform's own small objects in the content bucket, below `meta/`. They are never bytes of files.

import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { translated } from '../failure.ts';

export interface Documents {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws AwsFailure with the code NoSuchKey. */
  get(key: string): Promise<Uint8Array>;
  /** A key that does not exist is not an error. */
  remove(key: string): Promise<void>;
}

/** `meta/<id>/<kind>/<mark>`. */
export function documentKey(id: string, kind: string, mark: string): string {
  return `meta/${id}/${kind}/${mark}`;
}

/** The parts of a document's key. Undefined for any other key. */
export function readDocumentKey(key: string): { readonly id: string; readonly kind: string } | undefined {
  const [prefix, id, kind, mark, ...more] = key.split('/');
  if (prefix !== 'meta' || !id || !kind || !mark || more.length > 0) return undefined;
  return { id, kind };
}

export function createDocuments(client: () => S3Client, bucket: () => string): Documents {
  return {
    async put(key, bytes) {
      const command = new PutObjectCommand({
        Bucket: bucket(),
        Key: key,
        Body: bytes,
        ContentType: 'application/json',
        ContentEncoding: 'gzip',
      });
      await translated('PutObject', () => client().send(command));
    },
    async remove(key) {
      const command = new DeleteObjectCommand({ Bucket: bucket(), Key: key });
      await translated('DeleteObject', () => client().send(command));
    },
    get(key) {
      return translated('GetObject', async () => {
        const answer = await client().send(new GetObjectCommand({ Bucket: bucket(), Key: key }));
        if (answer.Body === undefined) throw new Error(`The object ${key} came without a body.`);
        return answer.Body.transformToByteArray();
      });
    },
  };
}
