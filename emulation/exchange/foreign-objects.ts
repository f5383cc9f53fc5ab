// Serves the template's buckets at an S3 elsewhere under an address of this machine. Keys, roles, presigned URLs and
// CORS are checked here as in our own S3. Then the request is sent on in the user's name, with its bytes unchanged.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { receiveText } from '../cloud/s3/body.ts';
import type { CorsRule } from '../cloud/s3/cors.ts';
import type { Entry } from '../cloud/s3/operation-table.ts';
import { bucketArn, objectArn, type S3Request } from '../cloud/s3/request.ts';
import { refuse } from '../cloud/s3/s3-error.ts';
import { createS3Front, type S3FrontOptions } from '../cloud/s3/s3-front.ts';
import { childText, parseXml } from '../cloud/s3/xml.ts';
import { AwsError } from '../cloud/wire/aws-error.ts';
import { isChunked } from '../cloud/wire/chunked-body.ts';
import { foreignBucketName, makeBucket } from './foreign-bucket.ts';
import type { Place } from './place.ts';
import type { ObjectStore } from './port.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export type ForeignObjectsOptions = S3FrontOptions & { readonly place: Place };

export function createForeignObjects({ place, ...options }: ForeignObjectsOptions): ObjectStore {
  const upstream = createUpstream(place);
  const buckets = new Map<string, readonly CorsRule[]>();
  return {
    listener: createS3Front(options, {
      corsRules: (bucket) => buckets.get(bucket) ?? [],
      async run(operation, request, res) {
        if (!buckets.has(request.bucket)) throw refuse('NoSuchBucket', { BucketName: request.bucket });
        await passOn(upstream, place, operation, request, res);
      },
    }),
    async createBucket(name, { cors = [] }) {
      await makeBucket(upstream, place, foreignBucketName(name, place));
      buckets.set(name, cors);
    },
    close: async () => upstream.close(),
  };
}

async function passOn(
  upstream: Upstream,
  place: Place,
  { name }: Entry,
  request: S3Request,
  res: ServerResponse,
): Promise<void> {
  const { http, signed } = request;
  if (isChunked(signed.payloadHash)) {
    throw refuse('NotImplemented', {}, `A body in the coding ${signed.payloadHash} is not passed on to another S3`);
  }
  if (http.headers['transfer-encoding'] !== undefined) throw refuse('MissingContentLength');
  const body = name === 'DeleteObjects' ? await permittedDeletion(request) : http;
  const answer = await upstream.send(outgoing(request, place), body).catch((cause: unknown) => {
    // The sender has disconnected, so there is no answer to give.
    if (http.socket.destroyed) throw cause;
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new AwsError('ServiceUnavailable', `${place.endpoint} (${place.variable}): ${message || code}`, 503);
  });
  await reply(request, name, answer, res);
}

/** The same request under the bucket's name there, without the headers and parameters that were meant for us. */
function outgoing({ http, bucket, query, signed }: S3Request, place: Place) {
  const [path = ''] = (http.url ?? '').split('?', 1);
  const rest = path.slice(1).includes('/') ? path.slice(path.indexOf('/', 1)) : '';
  const headers: Record<string, string> = {};
  for (const [header, values] of Object.entries(http.headersDistinct)) {
    if (!droppedHeaders.test(header) && values) headers[header] = values.join(',');
  }
  const parameters: string[] = [];
  for (const [parameter, value] of query) {
    const isHeader = signed.presigned && /^x-amz-/i.test(parameter);
    if (!isHeader) parameters.push(`${encodeURIComponent(parameter)}=${encodeURIComponent(value)}`);
    else if (!signatureParameter.test(parameter) && !checksumParameter.test(parameter)) {
      headers[parameter.toLowerCase()] = value;
    }
  }
  const search = parameters.length === 0 ? '' : `?${parameters.join('&')}`;
  const target = `/${foreignBucketName(bucket, place)}${rest}${search}`;
  return { method: http.method ?? 'GET', target, headers, payloadHash: signed.payloadHash };
}

/** Reads the list of keys. @throws AwsError unless the caller may delete every one of them. */
async function permittedDeletion(request: S3Request): Promise<Buffer> {
  const text = await receiveText(request);
  for (const entry of parseXml(text, 'Delete').children.filter(({ name }) => name === 'Object')) {
    const key = childText(entry, 'Key') ?? '';
    await request.authorise('s3:DeleteObject', objectArn({ bucket: request.bucket, key }));
  }
  return Buffer.from(text);
}

async function reply(
  request: S3Request,
  operation: string,
  answer: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  try {
    // A caller who may not list the bucket must not learn that a key is absent.
    if (answer.statusCode === 404 && readOperations.has(operation)) {
      await request.authorise('s3:ListBucket', bucketArn(request.bucket));
    }
  } catch (refusal) {
    answer.destroy();
    throw refusal;
  }
  for (const [header, values] of Object.entries(answer.headersDistinct)) {
    if (!droppedHeaders.test(header) && values) res.setHeader(header, values);
  }
  res.writeHead(answer.statusCode ?? 502);
  // If one side breaks off, the connection to the other is broken too.
  await pipeline(answer, res).catch(() => undefined);
}

const readOperations: ReadonlySet<string> = new Set(['GetObject', 'HeadObject']);
/** Headers of the connection, or of the signature that was checked here. The next connection gets its own. */
const droppedHeaders =
  /^(host|connection|keep-alive|expect|te|trailer|transfer-encoding|upgrade|proxy-.*|authorization|cookie|origin|referer|access-control-.*|x-amz-(date|content-sha256|security-token))$/;
const signatureParameter =
  /^x-amz-(algorithm|credential|date|expires|signedheaders|signature|security-token|content-sha256)$/i;
/** Checksums in a presigned URL belong to an empty body, and S3 ignores them. */
const checksumParameter = /^x-amz-(sdk-)?checksum-/i;
