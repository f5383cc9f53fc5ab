// Builds the text that a Signature Version 4 signs, from a request as it was received.
// Rules: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { AwsError } from './aws-error.ts';

/** The signed parts of a request, apart from its body. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'headersDistinct'>;

/** The decoded name and value of each query parameter, in the order of the URL. */
export type QueryParameters = readonly (readonly [name: string, value: string])[];

/** The date, region and service that a signing key is bound to: `20261121/us-east-1/s3/aws4_request`. */
export type Scope = { readonly date: string; readonly region: string; readonly service: string };

/**
 * Splits a request target into its path, still encoded, and its decoded parameters. Throws InvalidURI for a malformed
 * escape.
 */
export function parseTarget(target: string): { path: string; query: QueryParameters } {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const pairs = mark < 0 ? [] : target.slice(mark + 1).split('&');
  return { path, query: pairs.filter((pair) => pair !== '').map(parsePair) };
}

/**
 * The canonical request. S3 encodes each segment of the path once, all other services twice. Node reads header bytes as
 * latin1, so the text must also be hashed as latin1.
 */
export function canonicalRequest(
  req: RequestHead,
  signedHeaders: readonly string[],
  payloadHash: string,
  service: string,
): string {
  const { path, query } = parseTarget(req.url ?? '/');
  const canonicalPath = service === 's3' ? encodePath(decodeUri(path)) : encodePath(path);
  const parameters = query
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encodeUri(name)}=${encodeUri(value)}`)
    .sort(byCodeUnit);
  const headers = signedHeaders.map((name) => `${name}:${headerValue(req, name)}\n`);
  const lines = [
    req.method,
    canonicalPath,
    parameters.join('&'),
    headers.join(''),
    signedHeaders.join(';'),
    payloadHash,
  ];
  return lines.join('\n');
}

/** `AWS4-HMAC-SHA256`, the time (`20261121T003000Z`), the scope and the digest of the canonical request. */
export function stringToSign(canonical: string, amzDate: string, scope: Scope): string {
  return ['AWS4-HMAC-SHA256', amzDate, scopeText(scope), sha256Hex(Buffer.from(canonical, 'latin1'))].join('\n');
}

export function scopeText(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** The signing key of one secret for one day, region and service. */
export function signingKey(secretAccessKey: string, scope: Scope): Buffer {
  const name = `${secretAccessKey} ${scopeText(scope)}`;
  const known = knownKeys.get(name);
  if (known) return known;
  const dayKey = hmac(`AWS4${secretAccessKey}`, scope.date);
  const key = hmac(hmac(hmac(dayKey, scope.region), scope.service), 'aws4_request');
  if (knownKeys.size >= maximumKnownKeyCount) knownKeys.clear();
  knownKeys.set(name, key);
  return key;
}

export function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

export function sha256Hex(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Decodes percent escapes. Throws AwsError InvalidURI for one that is malformed or not UTF-8. */
export function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError('InvalidURI', "Couldn't parse the specified URI.");
  }
}

/** Encodes as RFC 3986 does: only letters, digits and `-._~` stay as they are. */
function encodeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Encodes as `encodeUri` does, but keeps slashes. */
function encodePath(text: string): string {
  return encodeUri(text).replaceAll('%2F', '/');
}

function parsePair(pair: string): [string, string] {
  const mark = pair.indexOf('=');
  const name = mark < 0 ? pair : pair.slice(0, mark);
  const value = mark < 0 ? '' : pair.slice(mark + 1);
  return [decodeUri(name.replaceAll('+', ' ')), decodeUri(value.replaceAll('+', ' '))];
}

function headerValue(req: RequestHead, name: string): string {
  return (req.headersDistinct[name] ?? []).map((value) => value.trim().replace(/ +/g, ' ')).join(',');
}

function byCodeUnit(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Keys that were derived before: one for each secret, day, region and service. They are few. */
const knownKeys = new Map<string, Buffer>();
const maximumKnownKeyCount = 256;
