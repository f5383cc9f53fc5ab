// The operations of S3 that the product does not call. Suites make buckets with them, as the platform does with an S3
// elsewhere.

import { receiveText } from '../../../../emulation/cloud/s3/body.ts';
import type { Entry } from '../../../../emulation/cloud/s3/operation-table.ts';
import {
  checkBucketName,
  requireBucket,
  type S3Core,
  type S3Reply,
  type S3Request,
} from '../../../../emulation/cloud/s3/request.ts';
import { localRegion } from '../../../../emulation/cloud/wire/account.ts';

/** For `createS3({ operations })`. */
export const bucketExtension: readonly Entry[] = [
  { name: 'CreateBucket', method: 'PUT', level: 'bucket', action: 's3:CreateBucket', run: createBucket },
  { name: 'HeadBucket', method: 'HEAD', level: 'bucket', action: 's3:ListBucket', run: headBucket },
];

/** Creates the bucket. As in us-east-1, an owner may create a bucket again, which changes nothing. */
async function createBucket(core: S3Core, request: S3Request): Promise<S3Reply> {
  const { bucket: name } = request;
  checkBucketName(name);
  await receiveText(request);
  if (!core.table.loadBucket(name)) {
    core.table.putBucket({ name, createdAt: core.now(), eventBridge: false, cors: [] });
  }
  return { headers: { location: `/${name}` } };
}

function headBucket(core: S3Core, { bucket }: S3Request): S3Reply {
  requireBucket(core, bucket);
  return { headers: { 'x-amz-bucket-region': localRegion } };
}
