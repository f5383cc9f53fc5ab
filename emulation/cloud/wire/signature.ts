// Verifies the AWS Signature Version 4 of a request, in its Authorization header or its query (presigned URLs).

import { timingSafeEqual } from 'node:crypto';
import { localRegion } from './account.ts';
import { AwsError } from './aws-error.ts';
import {
  canonicalRequest,
  hmac,
  parseTarget,
  type QueryParameters,
  type RequestHead,
  type Scope,
  signingKey,
  stringToSign,
} from './canonical-request.ts';
import { refuseSignature } from './signature-refusal.ts';

/** Access key id → its secret, and the role of the template that the key belongs to. */
export type Credentials = ReadonlyMap<string, { readonly secretAccessKey: string; readonly roleLogicalId?: string }>;

/** The facts of a valid signature. The signatures of chunks continue from `key`, `amzDate`, `scope` and `signature`. */
export type SignedRequest = {
  readonly accessKeyId: string;
  readonly presigned: boolean;
  /** The signed digest of the payload: hexadecimal, `UNSIGNED-PAYLOAD` or one of the `STREAMING-…` values. */
  readonly payloadHash: string;
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: Scope;
  readonly signature: string;
};

type Claim = Omit<SignedRequest, 'key'> & {
  readonly signedHeaders: readonly string[];
  readonly expiresSeconds?: number;
};

/**
 * Makes the `verify` of the control server. It throws AwsError 403 unless the request is signed with one of
 * `credentials`. `now` is in milliseconds since 1970.
 */
export function createSigV4Verifier(
  credentials: Credentials,
  now: () => number = Date.now,
): (req: RequestHead, bodySha256: string) => { accessKeyId: string } {
  return (req, bodySha256) => {
    const { accessKeyId } = verifySignature(req, { credentials, now, payloadHash: bodySha256 });
    return { accessKeyId };
  };
}

/**
 * Verifies a request. `payloadHash` is the digest of the received body, and is given for every service except S3. S3
 * requests name their payload's digest themselves, and the caller must compare it with the body. Throws AwsError with
 * the code and words of S3 or of the JSON services.
 */
export function verifySignature(
  req: RequestHead,
  options: { credentials: Credentials; now: () => number; payloadHash?: string },
): SignedRequest {
  const style = options.payloadHash === undefined ? 's3' : 'json';
  const { query } = parseTarget(req.url ?? '/');
  const presigned = query.some(([name]) => name === 'X-Amz-Algorithm' || name === 'X-Amz-Signature');
  const claim = presigned ? queryClaim(req, query) : headerClaim(req, style, options.payloadHash);
  if (style === 's3') checkPayloadHash(claim.payloadHash);
  checkScope(claim, style);
  checkTime(claim, options.now(), style);
  checkSignedHeaders(req, claim, style);
  const credential = options.credentials.get(claim.accessKeyId);
  if (!credential) throw refuseSignature(style, 'unknownKey', { AWSAccessKeyId: claim.accessKeyId });
  const key = signingKey(credential.secretAccessKey, claim.scope);
  const canonical = canonicalRequest(req, claim.signedHeaders, claim.payloadHash, claim.scope.service);
  const text = stringToSign(canonical, claim.amzDate, claim.scope);
  if (!sameSignature(hmac(key, text).toString('hex'), claim.signature)) {
    throw refuseSignature(style, 'mismatch', {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: text,
      SignatureProvided: claim.signature,
      CanonicalRequest: canonical,
    });
  }
  return { ...claim, key };
}

/** Compares two hex signatures in constant time. */
export function sameSignature(left: string, right: string): boolean {
  const bytes = Buffer.from(left, 'utf8');
  const others = Buffer.from(right, 'utf8');
  return bytes.length === others.length && timingSafeEqual(bytes, others);
}

function headerClaim(req: RequestHead, style: 's3' | 'json', bodyHash: string | undefined): Claim {
  const authorization = req.headers.authorization;
  if (authorization === undefined) throw refuseSignature(style, 'absent');
  const fields = /^AWS4-HMAC-SHA256\s+(.*)$/.exec(authorization)?.[1]?.split(',') ?? [];
  const field = (name: string) => {
    const found = fields.map((text) => text.trim()).find((text) => text.startsWith(`${name}=`));
    if (found === undefined) throw refuseSignature(style, 'malformed', {}, `the Authorization header lacks ${name}`);
    return found.slice(name.length + 1);
  };
  const credential = parseCredential(field('Credential'), style);
  const dateHeader = req.headers['x-amz-date'];
  const date = typeof dateHeader === 'string' ? dateHeader : compactDate(req.headers.date);
  const payload = bodyHash ?? req.headers['x-amz-content-sha256'];
  if (typeof payload !== 'string') {
    throw new AwsError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  }
  return {
    ...credential,
    presigned: false,
    payloadHash: payload,
    amzDate: date ?? '',
    signedHeaders: field('SignedHeaders').split(';'),
    signature: field('Signature'),
  };
}

function queryClaim(req: RequestHead, query: QueryParameters): Claim {
  const parameter = (name: string) => {
    const values = query.filter(([candidate]) => candidate === name);
    if (values.length !== 1) throw refuseSignature('s3', 'malformedQuery', {}, `${name} must be given once`);
    return values[0]?.[1] ?? '';
  };
  if (req.headers.authorization !== undefined) {
    throw new AwsError('InvalidArgument', 'Only one auth mechanism allowed; the query and the header both sign');
  }
  if (parameter('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') {
    throw refuseSignature('s3', 'malformedQuery', {}, 'X-Amz-Algorithm only supports AWS4-HMAC-SHA256');
  }
  const expiresSeconds = Number(parameter('X-Amz-Expires'));
  if (!Number.isInteger(expiresSeconds) || expiresSeconds < 1 || expiresSeconds > maximumExpiresSeconds) {
    throw refuseSignature('s3', 'malformedQuery', {}, `X-Amz-Expires must be 1 to ${maximumExpiresSeconds} seconds`);
  }
  const signedHeaders = parameter('X-Amz-SignedHeaders').split(';');
  const payload = query.find(([name]) => name.toLowerCase() === 'x-amz-content-sha256')?.[1];
  const signedPayload = signedHeaders.includes('x-amz-content-sha256')
    ? req.headers['x-amz-content-sha256']
    : undefined;
  return {
    ...parseCredential(parameter('X-Amz-Credential'), 's3'),
    presigned: true,
    payloadHash: payload ?? (typeof signedPayload === 'string' ? signedPayload : 'UNSIGNED-PAYLOAD'),
    amzDate: parameter('X-Amz-Date'),
    signedHeaders,
    signature: parameter('X-Amz-Signature'),
    expiresSeconds,
  };
}

function parseCredential(text: string, style: 's3' | 'json'): { accessKeyId: string; scope: Scope } {
  const parts = text.split('/');
  const [service, region, date] = [parts.at(-2), parts.at(-3), parts.at(-4)];
  const accessKeyId = parts.slice(0, -4).join('/');
  if (!service || !region || !date || accessKeyId === '' || parts.at(-1) !== 'aws4_request') {
    throw refuseSignature(
      style,
      'malformed',
      {},
      'Credential must be <access key>/<date>/<region>/<service>/aws4_request',
    );
  }
  return { accessKeyId, scope: { date, region, service } };
}

function checkPayloadHash(payloadHash: string): void {
  if (/^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+)$/.test(payloadHash)) return;
  const words =
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.';
  throw new AwsError('InvalidArgument', words, 400, {
    ArgumentName: 'x-amz-content-sha256',
    ArgumentValue: payloadHash,
  });
}

function checkScope(claim: Claim, style: 's3' | 'json'): void {
  const problem = claim.presigned ? 'malformedQuery' : 'malformed';
  if (style === 's3' && claim.scope.service !== 's3') {
    throw refuseSignature(
      style,
      problem,
      {},
      `incorrect service "${claim.scope.service}"; this endpoint belongs to "s3"`,
    );
  }
  if (claim.scope.region !== localRegion) {
    throw refuseSignature(
      style,
      problem,
      { Region: localRegion },
      `the region '${claim.scope.region}' is wrong; expecting '${localRegion}'`,
    );
  }
  if (!claim.amzDate.startsWith(claim.scope.date)) {
    throw refuseSignature(
      style,
      problem,
      {},
      `the credential's date ${claim.scope.date} does not match ${claim.amzDate}`,
    );
  }
}

function checkTime(claim: Claim, nowMs: number, style: 's3' | 'json'): void {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(claim.amzDate) ?? [];
  const [year, month, day, hour, minute, second] = parts.map(Number);
  const signedAt = Date.UTC(year ?? Number.NaN, (month ?? 0) - 1, day, hour, minute, second);
  if (Number.isNaN(signedAt)) {
    const problem = claim.presigned ? 'malformedQuery' : 'undated';
    throw refuseSignature(style, problem, {}, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"");
  }
  const serverTime = new Date(nowMs).toISOString();
  if (claim.expiresSeconds !== undefined) {
    const expires = signedAt + claim.expiresSeconds * 1000;
    const extra = {
      'X-Amz-Expires': claim.expiresSeconds,
      Expires: new Date(expires).toISOString(),
      ServerTime: serverTime,
    };
    if (nowMs > expires) throw refuseSignature(style, 'expired', extra);
    if (signedAt > nowMs + maximumSkewMs) throw refuseSignature(style, 'early', extra);
  } else if (Math.abs(nowMs - signedAt) > maximumSkewMs) {
    const extra = { RequestTime: claim.amzDate, ServerTime: serverTime, MaxAllowedSkewMilliseconds: maximumSkewMs };
    throw refuseSignature(style, 'skewed', extra);
  }
}

/** `host` and every `x-amz-*` header must be signed, because otherwise a proxy could add one. */
function checkSignedHeaders(req: RequestHead, claim: Claim, style: 's3' | 'json'): void {
  const needed = Object.keys(req.headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const exempt = claim.presigned ? ['x-amz-content-sha256'] : [];
  const missing = needed.filter((name) => !claim.signedHeaders.includes(name) && !exempt.includes(name));
  if (missing.length > 0) throw refuseSignature(style, 'unsignedHeaders', { HeadersNotSigned: missing.join(', ') });
}

function compactDate(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** A signed header is valid for this long before and after its date. */
const maximumSkewMs = 15 * 60_000;
/** Longest life of a presigned URL: seven days. */
const maximumExpiresSeconds = 604_800;
