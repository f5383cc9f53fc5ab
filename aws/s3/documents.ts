// Small objects of the platform's own in the content bucket, below `meta/`. Never bytes of files.
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { translated } from '../failure.ts';

export interface Documents {
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @throws AwsFailure with the code NoSuchKey. */
  get(key: string): Promise<Uint8Array>;
}

/** `meta/<id>/<kind>/<digest>`. */
export function documentKey(id: string, kind: string, digest: string): string {
  return `meta/${id}/${kind}/${digest}`;
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
    get(key) {
      return translated('GetObject', async () => {
        const answer = await client().send(new GetObjectCommand({ Bucket: bucket(), Key: key }));
        if (answer.Body === undefined) throw new Error(`The object ${key} came without a body.`);
        return answer.Body.transformToByteArray();
      });
    },
  };
}
