// Calls DynamoDB and its streams, with values in DynamoDB's own notation.

import { createJsonClient, type JsonClient } from '../exchange/json-client.ts';
import type { AccessKeys } from '../exchange/place.ts';
import { signedHeaders } from '../exchange/request-signature.ts';

export type DynamoTarget = {
  readonly endpoint: string;
  /** The address of the streams, when it differs from the tables' address. */
  readonly streamsEndpoint?: string;
  readonly region: string;
  /** Undefined for an engine that checks no signatures. Requests then carry a well-formed signature of no key. */
  readonly credentials: AccessKeys | undefined;
};

export type DynamoClient = {
  /** @throws Error whose `name` is the error's code. */
  call(operation: string, input: object): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
};

export function createDynamoClient(target: DynamoTarget): DynamoClient {
  const tables = clientAt(target, target.endpoint);
  const streams = target.streamsEndpoint === undefined ? tables : clientAt(target, target.streamsEndpoint);
  return {
    call(operation, input) {
      if (streamOperations.has(operation)) return streams.call(`DynamoDBStreams_20120810.${operation}`, input);
      return tables.call(`DynamoDB_20120810.${operation}`, input);
    },
    close() {
      tables.close();
      streams.close();
    },
  };
}

function clientAt(target: DynamoTarget, endpoint: string): JsonClient {
  const headers = (url: URL, own: Readonly<Record<string, string>>, bodySha256: string) =>
    dynamoHeaders(target, url, own, bodySha256);
  return createJsonClient({ endpoint, version: '1.0', headers });
}

/** All headers of a request except its length. They are signed where the engine checks signatures. */
export function dynamoHeaders(
  { credentials, region }: DynamoTarget,
  url: URL,
  own: Readonly<Record<string, string>>,
  bodySha256: string,
): Record<string, string> {
  if (!credentials) return { ...own, ...unsignedCredentials };
  const request = { method: 'POST', url, target: url.pathname, headers: own, payloadHash: bodySha256 };
  return signedHeaders(request, { credentials, region }, 'dynamodb');
}

const unsignedCredentials = {
  'x-amz-date': '20260101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=none',
};

const streamOperations: ReadonlySet<string> = new Set([
  'DescribeStream',
  'GetRecords',
  'GetShardIterator',
  'ListStreams',
]);
