// Signs requests to a service elsewhere with Signature Version 4.

import { canonicalRequest, hmac, scopeText, signingKey, stringToSign } from '../cloud/wire/canonical-request.ts';
import type { AccessKeys } from './place.ts';

export type Signer = { readonly credentials: AccessKeys; readonly region: string };

export type OutgoingRequest = {
  readonly method: string;
  readonly url: URL;
  /** Path and query as they are on the wire, because a URL would normalize them. */
  readonly target: string;
  /** Header names are in lower case. `host`, the date and the signature are added. */
  readonly headers: Readonly<Record<string, string>>;
  /** The SHA-256 of the body in hex. S3 also takes `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
};

/** Returns all headers of the request, with its signature. */
export function signedHeaders(
  request: OutgoingRequest,
  { credentials, region }: Signer,
  service: string,
): Record<string, string> {
  const { method, url, target, payloadHash } = request;
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    host: url.host,
    'x-amz-date': amzDate,
    ...(credentials.sessionToken ? { 'x-amz-security-token': credentials.sessionToken } : {}),
    // Only S3 reads the digest from a header, and S3 requires it.
    ...(service === 's3' ? { 'x-amz-content-sha256': payloadHash } : {}),
  };
  const names = Object.keys(headers)
    .filter((name) => !unsignedHeaders.has(name))
    .sort();
  const headersDistinct = Object.fromEntries(names.map((name) => [name, [headers[name] ?? '']]));
  const canonical = canonicalRequest({ method, url: target, headers, headersDistinct }, names, payloadHash, service);
  const scope = { date: amzDate.slice(0, 8), region, service };
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), stringToSign(canonical, amzDate, scope));
  const credential = `Credential=${credentials.accessKeyId}/${scopeText(scope)}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature.toString('hex')}`,
  };
}

/** Headers that are not signed, because proxies may change them and break the signature. */
const unsignedHeaders: ReadonlySet<string> = new Set(['connection', 'content-length', 'user-agent', 'accept-encoding']);
