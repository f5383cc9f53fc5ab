// The sequence of every request: match, let the route answer (make-route.ts), reply.

import type { Context } from '../core/context.ts';
import { ApiError } from '../core/error/api-error.ts';
import { maximumReplyBytes, replyTooLarge } from '../core/error/reply-limit.ts';
import type { Caller } from '../core/identity/caller.ts';
import { matchRoute } from './match.ts';
import type { Route } from './route.ts';

export type Request = {
  readonly path: string;
  readonly caller: Caller;
  /** The parsed body. */
  readonly input: unknown;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
};
/** `text` is the body as JSON, made once. */
export type Reply = {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
};

/**
 * Answers a request. A refusal is a reply as well (docs/reference/api.md, "Errors"). Any other exception is a fault of
 * the platform and is passed on to the caller, which logs it.
 */
export async function serve(context: Context, request: Request, routes: readonly Route[]): Promise<Reply> {
  try {
    const { route, subject, alias } = matchRoute(routes, request.path);
    const { input: rawInput, headers, path, caller } = request;
    return replyWith(200, await route.answer({ context, rawInput, headers, path, subject, alias }, caller));
  } catch (error) {
    if (error instanceof ApiError) return errorReply(error);
    throw error;
  }
}

/** The reply for a refusal. Only here does an error become a status. */
export function errorReply(error: ApiError): Reply {
  const body = error.toBody();
  const { status, retryAfterSeconds } = error;
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
  return { status, body, text: JSON.stringify(body), headers };
}

function replyWith(status: number, body: unknown): Reply {
  const text = JSON.stringify(body);
  if (text.length > maximumReplyBytes || Buffer.byteLength(text) > maximumReplyBytes) {
    throw replyTooLarge();
  }
  return { status, body, text, headers: {} };
}
