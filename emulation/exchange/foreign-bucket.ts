// Names and creates the template's buckets at an S3 elsewhere, and checks that they belong to the user.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { localAccountId, localRegion } from '../cloud/wire/account.ts';
import { sha256Hex } from '../cloud/wire/canonical-request.ts';
import { demandOf, type Place } from './place.ts';
import type { Upstream } from './upstream.ts';

/** Bucket names are global, so the template's account and region in them are replaced by the user's. */
export function foreignBucketName(name: string, { accountId, region }: Place): string {
  return name.replace(localAccountId, accountId ?? localAccountId).replace(localRegion, region);
}

/**
 * Creates the bucket if it is absent. CreateBucket is called even if it may exist, because the answer says who owns it.
 * Files must not go into a bucket that somebody else made under that name.
 * @throws StartRefusal when somebody else owns it, when it is in another region, or when it cannot be created.
 */
export async function makeBucket(upstream: Upstream, place: Place, name: string): Promise<void> {
  const { variable, endpoint, region } = place;
  const what = `The bucket ${name} could not be created`;
  await demandOf(place, what, async () => {
    const made = await ask(upstream, 'PUT', name, region === firstRegion ? '' : locationConstraint(region));
    if (made.code === 'BucketAlreadyExists') {
      const advice = 'set AWS_ACCOUNT_ID to the number of your account, which becomes part of the name';
      throw new StartRefusal(`The bucket ${name} at ${endpoint} (${variable}) belongs to somebody else: ${advice}.`);
    }
    if (made.status !== 200 && made.code !== 'BucketAlreadyOwnedByYou')
      throw new Error(`${made.code}: ${made.message}`);
    const seen = await ask(upstream, 'HEAD', name);
    if (seen.status === 301) throw new Error('it is in another region; set AWS_REGION to that region');
    if (seen.status !== 200) throw new Error(`HeadBucket answered ${seen.status}`);
  });
}

async function ask(upstream: Upstream, method: string, name: string, body = '') {
  const bytes = Buffer.from(body);
  const headers = { 'content-length': String(bytes.length) };
  const request = { method, target: `/${name}`, headers, payloadHash: sha256Hex(bytes) };
  const answer = await upstream.send(request, bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return { status: answer.statusCode ?? 0, ...errorOf(Buffer.concat(chunks).toString('utf8')) };
}

function errorOf(text: string): { code: string; message: string } {
  const [, code = 'Unknown'] = /<Code>([^<]*)<\/Code>/.exec(text) ?? [];
  const [, message = text.slice(0, 200)] = /<Message>([^<]*)<\/Message>/.exec(text) ?? [];
  return { code, message };
}

function locationConstraint(region: string): string {
  return `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
}

/** CreateBucket names no region for a bucket in this one (API_CreateBucket). */
const firstRegion = 'us-east-1';
