// Calls a service of AWS's JSON protocols with plain JSON. An SDK would convert values into types that are not on the
// wire, and only `aws/` may use one.

import { createHash } from 'node:crypto';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as SecureAgent } from 'node:https';
import { AwsError } from '../cloud/wire/aws-error.ts';

export type JsonClient = {
  /**
   * @param target the value of `X-Amz-Target`, for example `AmazonSQS.SendMessage`.
   * @throws AwsError for a refusal, whose `name` is the error's code. The network's own error when no answer came.
   */
  call(target: string, input: object, options?: CallOptions): Promise<Readonly<Record<string, unknown>>>;
  close(): void;
};
export type CallOptions = { readonly limitMs?: number; readonly signal?: AbortSignal };

export type JsonClientOptions = {
  readonly endpoint: string;
  /** Returns all headers of a request to the endpoint. The names in `own` are in lower case. */
  headers(url: URL, own: Readonly<Record<string, string>>, bodySha256: string): Readonly<Record<string, string>>;
  /** The version of the JSON protocol, `1.0` or `1.1`. */
  readonly version: string;
};

/** Services close idle connections, and a request on such a connection would fail. So we close them earlier. */
export const idleConnectionMs = 4_000;

export function createJsonClient({ endpoint, headers, version }: JsonClientOptions): JsonClient {
  const url = new URL(endpoint);
  const secure = url.protocol === 'https:';
  const agentOptions = { keepAlive: true, maxSockets: maximumConnectionCount, timeout: idleConnectionMs };
  const agent = secure ? new SecureAgent(agentOptions) : new Agent(agentOptions);
  const send = secure ? httpsRequest : httpRequest;
  return {
    async call(target, input, { limitMs = callLimitMs, signal } = {}) {
      const body = Buffer.from(JSON.stringify(input));
      const own = { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target };
      const all = headers(url, own, createHash('sha256').update(body).digest('hex'));
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
      const req = send(url, {
        method: 'POST',
        agent,
        headers: { ...all, 'content-length': String(body.length) },
        timeout: limitMs,
        ...(signal ? { signal } : {}),
      });
      req.once('response', resolve).on('error', reject);
      req.once('timeout', () => req.destroy(new Error(`${target} was not answered within ${limitMs / 1000} s`)));
      req.end(body);
      return readAnswer(await promise, target);
    },
    close: () => agent.destroy(),
  };
}

async function readAnswer(res: IncomingMessage, target: string): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const value = parseObject(text);
  const status = res.statusCode ?? 0;
  if (status === 200 && value) return value;
  const code = String(value?.__type ?? value?.code ?? `Status${status}`).replace(/^.*#|:.*$/g, '');
  throw new AwsError(code, String(value?.message ?? value?.Message ?? `${target}: ${text.slice(0, 200)}`), status);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // AWS does not answer like this. The caller's error shows the status and the first words of the answer.
    return undefined;
  }
}

const callLimitMs = 15_000;
const maximumConnectionCount = 16;
