// Decodes bodies in the content coding `aws-chunked`, with or without signed chunks and trailers.
// Format: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …/sigv4-streaming-trailers.html

import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { hmac, scopeText, sha256Hex } from './canonical-request.ts';
import { type SignedRequest, sameSignature } from './signature.ts';

/** The headers after the last chunk. They are complete when the body has been read to its end. */
export type Trailers = Map<string, string>;

const emptyHash = sha256Hex('');

/** Whether the signed payload value announces this coding. */
export function isChunked(payloadHash: string): boolean {
  return payloadHash.startsWith('STREAMING-');
}

/**
 * Yields the bytes in the chunks as they arrive. A chunk's bytes are yielded before its signature can be checked, so do
 * not use them before the generator has ended. Throws SignatureDoesNotMatch if a chunk or the trailers were changed,
 * IncompleteBody if the framing ends early, and NotImplemented for the asymmetric (sigv4a) variants.
 */
export async function* decodeChunks(
  source: AsyncIterable<Buffer>,
  signed: SignedRequest,
  trailers: Trailers,
): AsyncGenerator<Buffer> {
  const { payloadHash } = signed;
  const hasTrailers = payloadHash.endsWith('-TRAILER');
  const checker = payloadHash.includes('HMAC') ? chunkChecker(signed) : undefined;
  if (!checker && payloadHash !== 'STREAMING-UNSIGNED-PAYLOAD-TRAILER') {
    throw new AwsError('NotImplemented', `${payloadHash} is not implemented here`, 501);
  }
  const reader = createLineReader(source);
  for (;;) {
    const header = parseChunkHeader(await reader.line());
    const digest = checker ? createHash('sha256') : undefined;
    for await (const bytes of reader.bytes(header.size)) {
      digest?.update(bytes);
      yield bytes;
    }
    checker?.checkChunk(header.signature, digest?.digest('hex') ?? emptyHash);
    if (header.size === 0) break;
    if ((await reader.line()) !== '') throw malformed('a chunk does not end where its size says');
  }
  if (hasTrailers) await readTrailers(reader, trailers, checker);
  await reader.expectEnd();
}

/** Checks that each signature continues the one before it. The first one continues the signature of the request. */
function chunkChecker({ key, amzDate, scope, signature }: SignedRequest) {
  let previous = signature;
  const check = (given: string | undefined, kind: string, digests: string[]) => {
    const text = [`AWS4-HMAC-SHA256-${kind}`, amzDate, scopeText(scope), previous, ...digests].join('\n');
    const expected = hmac(key, text).toString('hex');
    if (!sameSignature(expected, given ?? '')) {
      const extra = { StringToSign: text, SignatureProvided: given ?? '' };
      throw new AwsError('SignatureDoesNotMatch', 'The signature of a chunk does not match its content', 403, extra);
    }
    previous = expected;
  };
  return {
    checkChunk: (given: string | undefined, hash: string) => check(given, 'PAYLOAD', [emptyHash, hash]),
    checkTrailers: (given: string | undefined, text: string) => check(given, 'TRAILER', [sha256Hex(text)]),
  };
}

function parseChunkHeader(line: string): { size: number; signature?: string } {
  const match = /^([0-9a-fA-F]{1,13})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (!match?.[1]) throw malformed('a chunk must begin with its size in hexadecimal digits');
  const size = Number.parseInt(match[1], 16);
  return match[2] === undefined ? { size } : { size, signature: match[2] };
}

async function readTrailers(
  reader: LineReader,
  trailers: Trailers,
  checker: ReturnType<typeof chunkChecker> | undefined,
): Promise<void> {
  let signature: string | undefined;
  let text = '';
  for (let count = 0; ; count += 1) {
    const line = (await reader.lineOrEnd())?.trim();
    if (line === undefined || line === '') break;
    if (count === maximumTrailerCount) throw malformed(`at most ${maximumTrailerCount} trailers are allowed`);
    const colon = line.indexOf(':');
    if (colon < 1) throw malformed('a trailer must be name:value');
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === 'x-amz-trailer-signature') {
      signature = value;
      continue;
    }
    trailers.set(name, value);
    text += `${name}:${value}\n`;
  }
  checker?.checkTrailers(signature, text);
}

type LineReader = ReturnType<typeof createLineReader>;

/** Reads a stream as lines that end in LF or CRLF, and as runs of bytes. */
function createLineReader(source: AsyncIterable<Buffer>) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);

  /** Undefined at the end of the stream. */
  const lineOrEnd = async (): Promise<string | undefined> => {
    for (;;) {
      const end = rest.indexOf(10);
      if (end >= 0) {
        const line = rest.subarray(0, end).toString('latin1');
        rest = rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      if (rest.length > maximumLineBytes) throw malformed(`a line has more than ${maximumLineBytes} bytes`);
      const next = await chunks.next();
      if (next.done) return undefined;
      rest = Buffer.concat([rest, next.value]);
    }
  };
  return {
    lineOrEnd,
    async line(): Promise<string> {
      const line = await lineOrEnd();
      if (line === undefined) throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
      return line;
    },
    async *bytes(size: number): AsyncGenerator<Buffer> {
      let left = size;
      while (left > 0) {
        if (rest.length === 0) {
          const next = await chunks.next();
          if (next.done) throw new AwsError('IncompleteBody', 'The request body terminated unexpectedly');
          rest = next.value;
        }
        const bytes = rest.subarray(0, left);
        rest = rest.subarray(bytes.length);
        left -= bytes.length;
        yield bytes;
      }
    },
    /** Checks that only empty lines follow. */
    async expectEnd(): Promise<void> {
      for (;;) {
        const line = await lineOrEnd();
        if (line === undefined && rest.length === 0) return;
        if (line !== '') throw malformed('bytes follow the last chunk');
      }
    },
  };
}

function malformed(what: string): AwsError {
  return new AwsError('InvalidChunkFormatError', `The aws-chunked body is malformed: ${what}`);
}

/** Longest line between chunks: a size with its signature, or one trailer. */
const maximumLineBytes = 8 * 1024;
const maximumTrailerCount = 16;
