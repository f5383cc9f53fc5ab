// Tests our verifier with the signatures that AWS documents, byte for byte, including chunked bodies:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, …/sigv4-query-string-auth.html,
// …/sigv4-streaming.html and …/sigv4-streaming-trailers.html

import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsError } from '../../emulation/cloud/wire/aws-error.ts';
import { decodeChunks, isChunked, type Trailers } from '../../emulation/cloud/wire/chunked-body.ts';
import { verifySignature } from '../../emulation/cloud/wire/signature.ts';

const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const credentials = new Map([['AKIAIOSFODNN7EXAMPLE', { secretAccessKey }]]);
const scope = 'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request';
const now = () => Date.UTC(2013, 4, 24, 0, 5);
const emptyBodyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const date = { 'x-amz-date': '20130524T000000Z' };
const chunk = (size: number, signature: string) => `${size.toString(16)};chunk-signature=${signature}\r\n`;
const signedBy = (headers: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${scope},SignedHeaders=${headers},Signature=${signature}`;

let server: Server;
beforeAll(async () => {
  server = createServer(async (http, res) => {
    try {
      const signed = verifySignature(http, { credentials, now });
      const trailers: Trailers = new Map();
      let size = 0;
      if (isChunked(signed.payloadHash))
        for await (const bytes of decodeChunks(http, signed, trailers)) size += bytes.length;
      res.end(JSON.stringify({ size, trailers: Object.fromEntries(trailers) }));
    } catch (error) {
      res.end(error instanceof AwsError ? `${error.code}: ${JSON.stringify(error.extra)}` : String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

async function answer(method: string, path: string, host: string, headers: object, body = ''): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ port, method, path, headers: { host, ...headers } }, resolve).on('error', reject);
    sent.end(body);
  });
  return Buffer.concat(await response.toArray()).toString();
}

const bucket = 'examplebucket.s3.amazonaws.com';
const fine = JSON.stringify({ size: 0, trailers: {} });

test('the documented GET with a range is accepted', async () => {
  const signature = 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41';
  const authorization = signedBy('host;range;x-amz-content-sha256;x-amz-date', signature);
  const headers = { authorization, range: 'bytes=0-9', 'x-amz-content-sha256': emptyBodyHash, ...date };
  expect(await answer('GET', '/test.txt', bucket, headers)).toBe(fine);
  expect(await answer('GET', '/test.txt', bucket, { ...headers, range: 'bytes=0-8' })).toContain(
    'SignatureDoesNotMatch',
  );
});

test('the documented PUT with an encoded path is accepted', async () => {
  const signature = '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd';
  const authorization = signedBy('date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class', signature);
  const sha256 = '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072';
  const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-content-sha256': sha256, ...date };
  const all = { ...headers, authorization, 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
  expect(await answer('PUT', '/test%24file.text', bucket, all)).toBe(fine);
  expect(await answer('PUT', '/test$file.text', bucket, all)).toBe(fine);
});

test('the documented list with parameters in another order is accepted', async () => {
  const signature = '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7';
  const authorization = signedBy('host;x-amz-content-sha256;x-amz-date', signature);
  const headers = { authorization, 'x-amz-content-sha256': emptyBodyHash, ...date };
  expect(await answer('GET', '/?prefix=J&max-keys=2', bucket, headers)).toBe(fine);
});

test('the documented presigned URL is accepted', async () => {
  const signature = 'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
  const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(scope)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host`;
  expect(await answer('GET', `/test.txt?${query}&X-Amz-Signature=${signature}`, bucket, {})).toBe(fine);
});

const chunks = {
  'content-encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  ...date,
};
const path = '/examplebucket/chunkObject.txt';
const [first, second] = ['a'.repeat(65536), 'a'.repeat(1024)];

test('the documented signed chunks are accepted, and forged ones are refused', async () => {
  const body = (middle: string) =>
    `${chunk(65536, 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648')}${first}\r\n` +
    `${chunk(1024, '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497')}${middle}\r\n` +
    `${chunk(0, 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9')}\r\n`;
  const names =
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class';
  const authorization = signedBy(names, '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9');
  const sha256 = { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' };
  const headers = { ...chunks, ...sha256, authorization, 'content-length': '66824' };
  expect(await answer('PUT', path, 's3.amazonaws.com', headers, body(second))).toBe('{"size":66560,"trailers":{}}');
  const forged = `${second.slice(1)}b`;
  expect(await answer('PUT', path, 's3.amazonaws.com', headers, body(forged))).toContain('SignatureDoesNotMatch');
});

test('the documented signed chunks with a signed trailer are accepted, and a forged trailer is refused', async () => {
  const body = (checksum: string) =>
    `${chunk(65536, 'b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2')}${first}\r\n` +
    `${chunk(1024, '1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7')}${second}\r\n` +
    `${chunk(0, '2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992')}` +
    `x-amz-checksum-crc32c:${checksum}\r\n` +
    'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n';
  const names =
    'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer';
  const authorization = signedBy(names, '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e');
  const headers = {
    ...chunks,
    'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'x-amz-trailer': 'x-amz-checksum-crc32c',
    authorization,
  };
  const told = '{"size":66560,"trailers":{"x-amz-checksum-crc32c":"sOO8/Q=="}}';
  expect(await answer('PUT', path, 's3.amazonaws.com', headers, body('sOO8/Q=='))).toBe(told);
  expect(await answer('PUT', path, 's3.amazonaws.com', headers, body('sOO8/g=='))).toContain('SignatureDoesNotMatch');
});

const unsigned = {
  accessKeyId: 'a',
  presigned: false,
  payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  key: Buffer.alloc(0),
  amzDate: '',
  scope: { date: '', region: '', service: 's3' },
  signature: '',
};

async function decode(pieces: readonly string[]): Promise<string> {
  async function* source() {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  const trailers: Trailers = new Map();
  let text = '';
  try {
    for await (const bytes of decodeChunks(source(), unsigned, trailers)) text += bytes;
  } catch (error) {
    return (error as AwsError).code;
  }
  return `${text} ${[...trailers].join()}`;
}

test('chunks are decoded wherever the network cuts them', async () => {
  const body = '5\r\nhello\r\n8\r\n,\r\n worl\r\n1\r\nd\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
  const whole = 'hello,\r\n world x-amz-checksum-crc32,AAAAAA==';
  for (let cut = 0; cut <= body.length; cut += 1) {
    expect(await decode([body.slice(0, cut), body.slice(cut)])).toBe(whole);
  }
  expect(await decode([...body])).toBe(whole);
});

test('a body with broken framing is refused', async () => {
  expect(await decode(['5\r\nhel'])).toBe('IncompleteBody');
  expect(await decode(['5\r\nhello\r\n'])).toBe('IncompleteBody');
  expect(await decode(['hello'])).toBe('IncompleteBody');
  expect(await decode(['five\r\nhello\r\n'])).toBe('InvalidChunkFormatError');
  expect(await decode(['4\r\nhello\r\n0\r\n\r\n'])).toBe('InvalidChunkFormatError');
  expect(await decode(['0\r\nno trailer\r\n\r\n'])).toBe('InvalidChunkFormatError');
  expect(await decode(['0\r\n\r\nmore\r\n'])).toBe('InvalidChunkFormatError');
  expect(await decode(['1'.repeat(20_000)])).toBe('InvalidChunkFormatError');
});
