// Calls DynamoDB and its streams as the wire has it: JSON in, JSON out, values in DynamoDB's own notation. An SDK would turn
// records into other types than functions get on AWS. It knows no table.
import { createHash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { REGION } from '../cloud/wire/account.ts';
import { canonicalRequest, hmac, scopeText, signingKey, stringToSign } from '../cloud/wire/canonical-request.ts';

export type DynamoTarget = {
  readonly endpoint: string;
  /** False for an engine that does not look at signatures: what is sent is well-formed, and no key is needed. */
  readonly checksSignatures: boolean;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
};

export type DynamoClient = {
  /** `name` of an Error that it throws is the error's code. */
  call(operation: string, input: object): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
};

const CALL_LIMIT_MS = 15_000;
const MAX_CONNECTIONS = 8;
const UNSIGNED = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
};
const STREAM_OPERATIONS: ReadonlySet<string> = new Set([
  'DescribeStream',
  'GetRecords',
  'GetShardIterator',
  'ListStreams',
]);

export function createDynamoClient(target: DynamoTarget): DynamoClient {
  const secure = target.endpoint.startsWith('https:');
  const options = { keepAlive: true, maxSockets: MAX_CONNECTIONS };
  const agent = secure ? new SecureAgent(options) : new Agent(options);
  return {
    async call(operation, input) {
      const version = STREAM_OPERATIONS.has(operation) ? 'DynamoDBStreams_20120810' : 'DynamoDB_20120810';
      const body = Buffer.from(JSON.stringify(input));
      const url = new URL(target.endpoint);
      const headers = signedHeaders(target, url, { 'x-amz-target': `${version}.${operation}` }, body);
      const send = secure ? httpsRequest : httpRequest;
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const req = send(url, { method: 'POST', agent, headers, timeout: CALL_LIMIT_MS }, resolve);
      req.once('error', reject).once('timeout', () => req.destroy(new Error(`${operation} was not answered in time`)));
      req.end(body);
      return readAnswer(await promise, operation);
    },
    close: () => agent.destroy(),
  };
}

/** All headers of a request, with its signature. */
export function signedHeaders(
  { credentials, checksSignatures }: DynamoTarget,
  url: URL,
  own: Readonly<Record<string, string>>,
  body: Buffer,
): Record<string, string> {
  if (!checksSignatures) return { ...own, ...UNSIGNED, 'content-length': String(body.length) };
  const amzDate = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-date': amzDate,
    ...(credentials.sessionToken ? { 'x-amz-security-token': credentials.sessionToken } : {}),
    ...own,
  };
  const names = Object.keys(headers).sort();
  const headersDistinct = Object.fromEntries(names.map((name) => [name, [headers[name]]]));
  const req = { method: 'POST', url: url.pathname, headers, headersDistinct } as unknown as IncomingMessage;
  const scope = { date: amzDate.slice(0, 8), region: process.env.AWS_REGION ?? REGION, service: 'dynamodb' };
  const digest = createHash('sha256').update(body).digest('hex');
  const text = stringToSign(canonicalRequest(req, names, digest, scope.service), amzDate, scope);
  const signature = hmac(signingKey(credentials.secretAccessKey, scope), text).toString('hex');
  const credential = `Credential=${credentials.accessKeyId}/${scopeText(scope)}`;
  return {
    ...headers,
    'content-length': String(body.length),
    authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

async function readAnswer(res: IncomingMessage, operation: string): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const value = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
  if (res.statusCode === 200) return value;
  const error = new Error(`${operation}: ${String(value.message ?? value.Message ?? text)}`);
  error.name = String(value.__type ?? `Status${res.statusCode}`).replace(/^.*#/, '');
  throw error;
}
