// The data that passes through the HTTP chain: the event as API Gateway sends it, and the findings of earlier steps.

import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { downloadPrefix } from '../../api/download.ts';
import type { Caller } from '../../core/identity/caller.ts';

export type HttpEvent = APIGatewayProxyEventV2 & { found?: Found };
export type HttpResult = APIGatewayProxyStructuredResultV2;

/** Filled in step by step. */
export type Found = {
  /** `<milliseconds>-<number>`, as clients print it (docs/reference/api.md, "Requests"). */
  readonly requestId: string;
  readonly startedAt: number;
  /** The parsed body. Absent for a download link, which does not have one. */
  input?: unknown;
  caller?: Caller;
};

/** @throws Error when a step runs before the first one: a mistake in the chain. */
export function foundIn(event: HttpEvent): Found {
  if (event.found === undefined) throw new Error('The HTTP chain has not begun with this event.');
  return event.found;
}

/** A request header by its lower-case name. */
export function headerOf(event: HttpEvent, name: string): string | undefined {
  return headersOf(event)[name];
}

/** Every header that has a value, by lower-case name. */
export function headersOf(event: HttpEvent): Record<string, string> {
  return Object.fromEntries(
    Object.entries(event.headers ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value]],
    ),
  );
}

/** A link that a browser or `wget` follows. Everything else is POST (docs/reference/api.md, "Requests"). */
export function isDownload(event: HttpEvent): boolean {
  return ['GET', 'HEAD'].includes(event.requestContext.http.method) && event.rawPath.startsWith(downloadPrefix);
}

/** The preflight by which a browser asks whether a page of another origin may call (docs/reference/api.md, "Requests"). */
export function isPreflight(event: HttpEvent): boolean {
  return event.requestContext.http.method === 'OPTIONS';
}
