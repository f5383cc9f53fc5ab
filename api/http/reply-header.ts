// The headers of replies, and the number that each request gets.

/** The headers of every reply. `version` is the version of the API that the client sent. */
export function replyHeaders(requestId: string, version: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-request-id': requestId,
    'x-content-type-options': 'nosniff',
    'access-control-allow-origin': '*',
    'access-control-expose-headers': 'x-request-id, retry-after',
    // The version is repeated (docs/reference/api.md, "Requests"), but only if it looks like a version.
    ...(version !== undefined && /^[\w.]{1,20}$/.test(version) ? { 'dnanexus-api': version } : {}),
  };
}

/** Answers a browser that asks whether a page of another origin may call. A page needs a token: no cookie is ever read. */
export const preflightHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'POST, GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, dnanexus-api',
  'access-control-max-age': '7200',
};

/**
 * `<milliseconds>-<number>`, as clients print it (docs/reference/api.md, "Requests"). Counts from a random number, so
 * that two processes are unlikely to give the same id in one millisecond.
 */
export function nextRequestId(nowMs: number): string {
  requestCount = (requestCount + 1) % requestCountLimit;
  return `${nowMs}-${requestCount}`;
}

const requestCountLimit = 1_000_000;
let requestCount = Math.floor(Math.random() * requestCountLimit);
