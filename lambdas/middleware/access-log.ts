// The first and last step of the HTTP chain: numbers the request, logs one line about it, and adds the headers of every
// reply. The line never has a body, a query, a token or a download link.

import { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import { downloadPrefix } from '../../api/download.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { foundIn, type HttpEvent, type HttpResult, headerOf } from './http-event.ts';

const logger = new Logger({ serviceName: 'espalier' });

export function accessLog(): MiddlewareObj<HttpEvent, HttpResult> {
  return {
    before({ event }) {
      event.found = { requestId: nextRequestId(Date.now()), startedAt: Date.now() };
    },
    after({ event, context, response }) {
      finish(event, context.awsRequestId, response);
    },
    onError({ event, context, response }) {
      finish(event, context.awsRequestId, response);
    },
  };
}

function finish(event: HttpEvent, invocation: string, response: HttpResult | null | undefined): void {
  if (!response) return;
  const { requestId, startedAt, caller } = foundIn(event);
  const version = headerOf(event, 'dnanexus-api');
  response.headers = {
    'content-type': 'application/json',
    ...response.headers,
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'x-request-id, retry-after',
    // The version is repeated (docs/reference/api.md, "Requests"), but only if it looks like a version.
    ...(version !== undefined && /^[\w.]{1,20}$/.test(version) ? { 'dnanexus-api': version } : {}),
  };
  logger.info('request', {
    requestId,
    invocation,
    method: event.requestContext.http.method,
    path: event.rawPath.startsWith(downloadPrefix) ? downloadPrefix : event.rawPath.slice(0, loggedPathLength),
    caller: nameOf(caller),
    status: response.statusCode,
    error: errorTypeOf(response),
    requestBytes: Buffer.byteLength(event.body ?? ''),
    responseBytes: Buffer.byteLength(response.body ?? ''),
    durationMs: Date.now() - startedAt,
  });
}

function nameOf(caller: Caller | undefined): string | undefined {
  if (caller === undefined || caller.kind === 'anonymous') return undefined;
  return caller.kind === 'job' ? caller.job.pk : caller.user;
}

function errorTypeOf({ statusCode = 200, body = '' }: HttpResult): string | undefined {
  return statusCode < 400 ? undefined : /^\{"error":\{"type":"(\w+)"/.exec(body)?.[1];
}

/** Counts from a random number, so that two processes are unlikely to give the same id in one millisecond. */
function nextRequestId(nowMs: number): string {
  requestCount = (requestCount + 1) % requestCountLimit;
  return `${nowMs}-${requestCount}`;
}

const requestCountLimit = 1_000_000;
let requestCount = Math.floor(Math.random() * requestCountLimit);
const loggedPathLength = 200;
