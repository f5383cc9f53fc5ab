// CreateBucket, HeadBucket and DeleteBucket: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
import { REGION } from '../../wire/account.ts';
import { inTransaction } from '../../wire/transaction.ts';
import { receiveText } from '../body.ts';
import { bucketArn, requireBucket, type S3Core, type S3Reply, type S3Request } from '../request.ts';
import { refuse } from '../s3-error.ts';
import { childText, parseXml } from '../xml.ts';

/** Creates the bucket. As in us-east-1, one's own bucket may be created again, which changes nothing. */
export async function createBucket(core: S3Core, request: S3Request): Promise<S3Reply> {
  const { bucket } = request;
  checkBucketName(bucket);
  const text = await receiveText(request);
  const region = text === '' ? undefined : childText(parseXml(text, 'CreateBucketConfiguration'), 'LocationConstraint');
  if (region !== undefined && region !== REGION) {
    throw refuse('InvalidRequest', {}, `The ${region} location constraint is not that of this endpoint, ${REGION}`);
  }
  if (!core.table.loadBucket(bucket)) {
    core.table.putBucket({ name: bucket, createdAt: core.now(), eventBridge: false, cors: [] });
  }
  return { headers: { location: `/${bucket}`, 'x-amz-bucket-arn': bucketArn(bucket) } };
}

export function headBucket(core: S3Core, request: S3Request): S3Reply {
  requireBucket(core, request.bucket);
  return { headers: { 'x-amz-bucket-region': REGION, 'x-amz-access-point-alias': 'false' } };
}

/** Deletes an empty bucket; throws BucketNotEmpty. Unfinished uploads do not count, as on S3; they end with it. */
export function deleteBucket(core: S3Core, request: S3Request): S3Reply {
  const { bucket } = request;
  const freed = inTransaction(core.database, () => {
    requireBucket(core, bucket);
    for (const _object of core.table.objectsBetween(bucket, Buffer.alloc(0), undefined)) throw refuse('BucketNotEmpty');
    const uploads = [...core.table.uploadsAfter(bucket, Buffer.alloc(0), '')];
    const blobs = uploads.flatMap(({ id }) => core.table.loadParts(id).map((part) => part.blob));
    for (const { id } of uploads) {
      core.table.deleteParts(id);
      core.table.deleteUpload(id);
    }
    core.table.deleteBucket(bucket);
    return blobs;
  });
  core.blobs.remove(freed);
  return { status: 204 };
}

/** Throws InvalidBucketName: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function checkBucketName(name: string): void {
  const formed = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..');
  if (!formed || /^\d+\.\d+\.\d+\.\d+$/.test(name)) throw refuse('InvalidBucketName', { BucketName: name });
}
