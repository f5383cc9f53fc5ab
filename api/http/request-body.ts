// Reads the body of a request before its route is known: size, content type, JSON (docs/reference/api.md, "Requests").

import { type ApiError, invalidInput, malformedJson, methodNotFound } from '../../core/error/api-error.ts';
import { parseExactly } from '../../core/reference/exact-number.ts';

/** A synchronous function accepts 6 MB, which include the body as escaped text. */
export const maximumBodyBytes = 4 * 1024 * 1024;

/** @throws ApiError ResourceNotFound unless it is a POST: only links are followed by other methods */
export function checkMethod(method: string, path: string): void {
  if (method !== 'POST') throw methodNotFound(method, path);
}

/**
 * The JSON of a body. Numbers that cannot be kept exactly are refused.
 *
 * @throws ApiError InvalidInput or MalformedJSON
 */
export function parseBody(bytes: Buffer, contentType: string | undefined): unknown {
  if (bytes.length > maximumBodyBytes) throw bodyTooLarge(`${bytes.length} bytes`);
  if (contentType !== undefined && !/^application\/json *(;|$)/i.test(contentType)) {
    throw malformedJson(`its content type is "${contentType.slice(0, shownLength)}"`);
  }
  if (bytes.length === 0) throw malformedJson('it is empty; send at least {}');
  const parsed = parseText(bytes);
  if ('problem' in parsed)
    throw invalidInput(`expected input to have only numbers that are kept exactly: ${parsed.problem}`);
  return parsed.value;
}

/** @param found how large the body is, as far as it was read */
export function bodyTooLarge(found: string): ApiError {
  return invalidInput(
    `The request body has ${found}; at most ${maximumBodyBytes} are accepted: ` +
      'send large data as files, and long lists in several requests',
  );
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
