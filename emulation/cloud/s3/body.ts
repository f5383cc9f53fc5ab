// Receives the body of a request: decodes it, limits its size, and checks it against the request's headers.

import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { decodeChunks, isChunked, type Trailers } from '../wire/chunked-body.ts';
import type { BlobFolder } from './blob-folder.ts';
import { algorithms, type Checksum, type Expected, expectedChecksum, trailerChecksum } from './checksum.ts';
import type { S3Request } from './request.ts';
import { refuse } from './s3-error.ts';

/** Bytes on disk that agree with the request. `md5` is hexadecimal and serves as the ETag. */
export type ReceivedBlob = {
  readonly id: string;
  readonly size: number;
  readonly md5: string;
  readonly checksum?: Checksum;
};

/**
 * Stores the body as a blob. If the body is cut off, too long or different from what the request says, nothing is
 * stored. Then it throws EntityTooLarge, IncompleteBody, BadDigest, InvalidDigest, XAmzContentSHA256Mismatch,
 * MissingContentLength …
 */
export async function receiveBlob(blobs: BlobFolder, request: S3Request): Promise<ReceivedBlob> {
  const body = checkedBody(request, maximumBodyBytes, expectedChecksum(request.header));
  const { id, size } = await blobs.receive(body.bytes);
  return { id, size, ...body.result() };
}

/**
 * Reads the body as text, with the same checks. Set `checksum` to false if the checksum headers are not about the body.
 */
export async function receiveText(request: S3Request, options = { checksum: true }): Promise<string> {
  const expected = options.checksum ? expectedChecksum(request.header) : undefined;
  const chunks: Buffer[] = [];
  for await (const bytes of checkedBody(request, maximumDocumentBytes, expected).bytes) chunks.push(bytes);
  return Buffer.concat(chunks).toString('utf8');
}

type Facts = { readonly md5: string; checksum?: Checksum };

function checkedBody(request: S3Request, maxBytes: number, expected: Expected | undefined) {
  const { http, signed } = request;
  const chunked = isChunked(signed.payloadHash);
  const declared = declaredLength(request, chunked);
  if (declared !== undefined && declared > maxBytes) throw tooLarge(declared, maxBytes);
  const contentMd5 = checkedMd5(request.header('content-md5'));
  const trailers: Trailers = new Map();
  const source = chunked ? decodeChunks(wireBytes(http), signed, trailers) : wireBytes(http);
  const md5 = createHash('md5');
  const sha256 = /^[0-9a-f]{64}$/.test(signed.payloadHash) ? createHash('sha256') : undefined;
  const running = expected && algorithms[expected.algorithm].start();
  let facts: Facts | undefined;
  async function* bytes() {
    let size = 0;
    for await (const chunk of source) {
      size += chunk.length;
      if (size > maxBytes) throw tooLarge(size, maxBytes);
      md5.update(chunk);
      sha256?.update(chunk);
      running?.update(chunk);
      yield chunk;
    }
    if (declared !== undefined && size !== declared) throw refuse('IncompleteBody');
    const computed = md5.digest();
    if (contentMd5 && !contentMd5.equals(computed)) {
      throw refuse(
        'BadDigest',
        { ExpectedDigest: contentMd5.toString('base64'), CalculatedDigest: computed.toString('base64') },
        'The Content-MD5 you specified did not match what we received.',
      );
    }
    if (sha256 && sha256.digest('hex') !== signed.payloadHash) throw refuse('XAmzContentSHA256Mismatch');
    facts = { md5: computed.toString('hex') };
    if (expected && running) {
      const value = expected.value ?? trailerChecksum(expected.algorithm, trailers);
      facts.checksum = matchedChecksum(expected.algorithm, value, running.digest().toString('base64'));
    }
  }
  const result = (): Facts => {
    if (!facts) throw new Error('the body was not read to its end');
    return facts;
  };
  return { bytes: bytes(), result };
}

/**
 * Yields the bytes from the connection. It throws if the client disconnects. Stopping early leaves the connection open.
 */
async function* wireBytes(http: IncomingMessage): AsyncGenerator<Buffer> {
  for await (const chunk of http.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
}

function declaredLength(request: S3Request, chunked: boolean): number | undefined {
  const text = request.header(chunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (text === undefined && (chunked || request.header('transfer-encoding') !== undefined)) {
    throw refuse('MissingContentLength');
  }
  const length = Number(text ?? 0);
  if (!Number.isSafeInteger(length) || length < 0) throw refuse('InvalidArgument', {}, 'The length is not a number');
  return length;
}

function checkedMd5(text: string | undefined): Buffer | undefined {
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 16)
    throw refuse('InvalidDigest', { 'Content-MD5': text }, 'The Content-MD5 you specified was invalid.');
  return bytes;
}

function matchedChecksum(algorithm: Checksum['algorithm'], given: string, computed: string): Checksum {
  if (given === computed) return { algorithm, value: computed };
  throw refuse('BadDigest', {}, `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`);
}

function tooLarge(size: number, maxBytes: number) {
  return refuse('EntityTooLarge', { ProposedSize: size, MaxSizeAllowed: maxBytes });
}

/** Largest body of one PUT: 5 GiB, as on S3. */
const maximumBodyBytes = 5 * 1024 ** 3;
/** Largest XML document that is read. CompleteMultipartUpload with 10,000 parts and checksums has about 2 MB. */
const maximumDocumentBytes = 8 * 1024 ** 2;
