// An HTTP API: takes a request, finds its route, invokes the integrated function and writes the function's answer.
// A stage's throttling and access log are not emulated.

import type { ServerResponse } from 'node:http';
import type { InvocationResult } from '../lambda/sandbox.ts';
import { type HttpRequest, httpEvent } from './http-event.ts';
import { compileRoutes } from './route.ts';

export type HttpApiOptions = {
  readonly apiId: string;
  readonly domainName: string;
  readonly stage: string;
  /** Route key → ARN of the function. */
  readonly routes: ReadonlyMap<string, string>;
  invoke(functionArn: string, payload: string): Promise<InvocationResult>;
  now(): number;
};

export type HttpApi = { serve(request: HttpRequest, res: ServerResponse): Promise<void> };

/** The members that a function's answer may have. */
type Answer = {
  readonly statusCode?: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
};

/** Quotas of AWS: an HTTP API takes 10 MB of payload and waits 30 s for an integration. Lambda takes 6 MB. */
export const maximumBodyBytes = 10 * 1024 * 1024;

/**
 * Refuses in the words of AWS: 404 without a route, 413 for an event that is too large, 500 when the function fails,
 * 503 when it takes too long.
 */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const findRoute = compileRoutes([...options.routes.keys()]);
  return {
    async serve(request, res) {
      const match = findRoute(request.method, request.path);
      const functionArn = match && options.routes.get(match.routeKey);
      if (!match || functionArn === undefined) return refuse(res, 404, 'Not Found');
      const payload = JSON.stringify(httpEvent(request, match, options, options.now()));
      if (Buffer.byteLength(payload) > maximumEventBytes) return refuse(res, 413, 'Request Entity Too Large');
      const result = await withinLimit(options.invoke(functionArn, payload));
      if (result === undefined) return refuse(res, 503, 'Service Unavailable');
      const answer = 'error' in result ? undefined : readAnswer(result.payload);
      if (!answer) return refuse(res, 500, 'Internal Server Error');
      send(res, answer);
    },
  };
}

/** Answers with a refusal in the form of API Gateway: a JSON object with a `message`. */
export function refuse(res: ServerResponse, status: number, message: string): void {
  send(res, { statusCode: status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message }) });
}

async function withinLimit(invocation: Promise<InvocationResult>): Promise<InvocationResult | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, integrationLimitMs, undefined);
  });
  try {
    return await Promise.race([invocation, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** A value without a statusCode is the whole body of a 200. Undefined for an answer that API Gateway cannot use. */
function readAnswer(payload: string): Answer | undefined {
  const value = JSON.parse(payload) as unknown;
  if (typeof value === 'object' && value !== null && 'statusCode' in value) {
    const { statusCode } = value as Answer;
    return Number.isInteger(statusCode) ? (value as Answer) : undefined;
  }
  const body = typeof value === 'string' ? value : payload;
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, body };
}

function send(res: ServerResponse, answer: Answer): void {
  const body = Buffer.from(answer.body ?? '', answer.isBase64Encoded ? 'base64' : 'utf8');
  for (const [name, value] of Object.entries(answer.headers ?? {})) res.setHeader(name, String(value));
  if (answer.cookies?.length) res.setHeader('set-cookie', [...answer.cookies]);
  res.setHeader('content-length', body.length);
  res.writeHead(answer.statusCode ?? 200).end(body);
}

const maximumEventBytes = 6 * 1024 * 1024;
const integrationLimitMs = 30_000;
