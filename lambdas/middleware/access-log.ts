// The first and last step of the HTTP chain: numbers the request, logs one line about it, and adds the headers of every
// reply. The line never has a body, a query, a token or a download link.

import { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import { downloadPrefix } from '../../api/download.ts';
import { nextRequestId, replyHeaders } from '../../api/http/reply-header.ts';
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
  response.headers = { ...replyHeaders(requestId, headerOf(event, 'dnanexus-api')), ...response.headers };
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

const loggedPathLength = 200;
