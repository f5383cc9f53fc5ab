// Reads the body of a request before its route is known.

import type { MiddlewareObj } from '@middy/core';
import { checkMethod, parseBody } from '../../api/http/request-body.ts';
import { foundIn, type HttpEvent, type HttpResult, headerOf, isDownload, isPreflight } from './http-event.ts';

export function requestBody(): MiddlewareObj<HttpEvent, HttpResult> {
  return {
    before({ event }) {
      if (isDownload(event) || isPreflight(event)) return;
      checkMethod(event.requestContext.http.method, event.rawPath);
      const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
      foundIn(event).input = parseBody(bytes, headerOf(event, 'content-type'));
    },
  };
}
