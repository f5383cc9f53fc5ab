// Checks a request before its route is known: method, size, content type, JSON.

import type { MiddlewareObj } from '@middy/core';
import { invalidInput, malformedJson, resourceNotFound } from '../../core/error/api-error.ts';
import { parseExactly } from '../../core/reference/exact-number.ts';
import { foundIn, type HttpEvent, type HttpResult, headerOf, isDownload, isPreflight } from './http-event.ts';

/** A synchronous function accepts 6 MB, which include the body as escaped text. */
export const maximumBodyBytes = 4 * 1024 * 1024;

export function requestBody(): MiddlewareObj<HttpEvent, HttpResult> {
  return {
    before({ event }) {
      if (isDownload(event) || isPreflight(event)) return;
      const { method } = event.requestContext.http;
      if (method !== 'POST')
        throw resourceNotFound(`${method} ${event.rawPath}`, 'every method of this API is called by POST');
      foundIn(event).input = parse(event);
    },
  };
}

function parse(event: HttpEvent): unknown {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maximumBodyBytes) {
    throw invalidInput(
      `The request body has ${bytes.length} bytes; at most ${maximumBodyBytes} are accepted: ` +
        'send large data as files, and long lists in several requests',
    );
  }
  const contentType = headerOf(event, 'content-type');
  if (contentType !== undefined && !/^application\/json *(;|$)/i.test(contentType)) {
    throw malformedJson(`its content type is "${contentType.slice(0, shownLength)}"`);
  }
  if (bytes.length === 0) throw malformedJson('it is empty; send at least {}');
  const parsed = parseText(bytes);
  if ('problem' in parsed)
    throw invalidInput(`expected input to have only numbers that are kept exactly: ${parsed.problem}`);
  return parsed.value;
}

function parseText(bytes: Buffer): ReturnType<typeof parseExactly> {
  try {
    return parseExactly(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformedJson(error instanceof Error ? error.message.slice(0, shownLength) : 'it cannot be parsed');
  }
}

/** How much of the client's text is repeated to it. */
const shownLength = 200;
