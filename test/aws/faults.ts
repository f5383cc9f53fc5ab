// Faults that no local engine produces, inserted between the SDK and its connection. The SDK cannot distinguish them
// from AWS's own.

import { Readable } from 'node:stream';
import type { DynamoDBClient, DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Handler = DynamoDBClient['config']['requestHandler'];
type Answer = { readonly statusCode: number; readonly body: object };
/** The answer to this request instead of the engine's. `undefined` lets the request through. */
export type Fault = (operation: string, body: Record<string, unknown>) => Answer | 'connection reset' | undefined;

/** The connection of `client` with faults on it, and the operations that were sent, in order. */
export function withFaults(client: DynamoDBClient, fault: Fault) {
  const inner = client.config.requestHandler;
  const sent: string[] = [];
  const handler: Pick<Handler, 'handle'> = {
    async handle(request, options) {
      const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
      sent.push(operation);
      const answer = fault(operation, JSON.parse(new TextDecoder().decode(request.body)));
      if (answer === undefined) return inner.handle(request, options);
      if (answer === 'connection reset') throw Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
      return { response: responseOf(answer) as never };
    },
  };
  return { requestHandler: handler as NonNullable<DynamoDBClientConfig['requestHandler']>, sent };
}

/** An error as DynamoDB spells it. */
export function refusal(code: string, more: object = {}): Answer {
  return {
    statusCode: 400,
    body: { __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: 'injected', ...more },
  };
}

/** `fault` for the first `count` times, then nothing. */
export function firstTimes(count: number, operation: string, fault: Exclude<ReturnType<Fault>, undefined>): Fault {
  let left = count;
  return (sent) => {
    if (sent !== operation || left === 0) return undefined;
    left -= 1;
    return fault;
  };
}

function responseOf({ statusCode, body }: Answer): object {
  const bytes = Buffer.from(JSON.stringify(body));
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'content-length': String(bytes.length) };
  return { statusCode, headers, body: Readable.from([bytes]) };
}
