// The one port of the platform: the API, links to bytes, and log sockets. A reply leaves when what it may tell is kept.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { authenticate } from '../../api/authenticate.ts';
import { downloadPrefix, redirectDownload } from '../../api/download.ts';
import { nextRequestId, preflightHeaders, replyHeaders } from '../../api/http/reply-header.ts';
import { bodyTooLarge, checkMethod, maximumBodyBytes, parseBody } from '../../api/http/request-body.ts';
import type { Route } from '../../api/route.ts';
import { errorReply, type Reply, serve } from '../../api/serve.ts';
import { loginPath } from '../../core/access/login-path.ts';
import type { Context } from '../../core/context.ts';
import { ApiError, internalError, methodNotFound, serviceUnavailable } from '../../core/error/api-error.ts';
import { contentPrefix } from '../content/link.ts';
import { createRateLimit } from './rate-limit.ts';
import { refuseOn, refuseUnparsed } from './raw-refusal.ts';

export type ApiServerOptions = {
  readonly context: Context;
  readonly routes: readonly Route[];
  readonly serveContent: (req: IncomingMessage, res: ServerResponse) => Promise<void>;
  /** Resolves when everything that was written is kept. */
  readonly kept: () => Promise<void>;
  readonly count: (what: string) => void;
  readonly report: (what: string, fault: unknown) => void;
};
type Answer = Pick<Reply, 'status' | 'text'> & { readonly headers: Readonly<Record<string, string>> };

/** Does not listen yet. */
export function createApiServer(options: ApiServerOptions): Server {
  const { serveContent, report } = options;
  const mayLogIn = createRateLimit(loginsPerSecond, loginBurst, options.context.now);
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: keepAliveMs }, (req, res) => {
    const path = pathOf(req);
    const served = path.startsWith(contentPrefix)
      ? serveContent(req, res)
      : serveRequest({ ...options, mayLogIn }, path, req, res);
    served.catch((fault: unknown) => {
      // The client has gone, or the reply has begun: nothing can be said any more.
      if (!req.destroyed && !res.destroyed) report(`${req.method} ${path.split('/', 2).join('/')}`, fault);
      res.destroy();
    });
  });
  server.on('clientError', refuseUnparsed);
  server.on('connect', (req, socket) => refuseOn(socket, methodNotFound('CONNECT', req.url ?? '')));
  return server;
}

type Serving = ApiServerOptions & { readonly mayLogIn: () => boolean };

async function serveRequest(serving: Serving, path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const requestId = nextRequestId(Date.now());
  const version = req.headers['dnanexus-api'];
  const answer = await answerOf(serving, path, req).catch((error: unknown) => refusal(serving, requestId, path, error));
  if ('link' in answer) {
    req.url = answer.link;
    return serving.serveContent(req, res);
  }
  await serving.kept();
  res.writeHead(answer.status, {
    ...replyHeaders(requestId, typeof version === 'string' ? version : undefined),
    ...answer.headers,
    'content-length': String(Buffer.byteLength(answer.text)),
    // A body that was refused unread is not waited for.
    ...(req.complete ? {} : { connection: 'close' }),
  });
  res.end(req.method === 'HEAD' ? '' : answer.text);
}

/** `link`: the bytes of a download are on this port, too, and a redirect would cost another request. */
async function answerOf(
  serving: Serving,
  path: string,
  req: IncomingMessage,
): Promise<Answer | { readonly link: string }> {
  const { context, routes, count, mayLogIn } = serving;
  const { method = 'GET' } = req;
  if (method === 'OPTIONS') return { status: 204, headers: preflightHeaders, text: '' };
  if ((method === 'GET' || method === 'HEAD') && path.startsWith(downloadPrefix)) {
    const reply = await redirectDownload(context, path, method);
    if (!('location' in reply)) return reply;
    const { pathname, search } = new URL(reply.location);
    return { link: `${pathname}${search}` };
  }
  checkMethod(method, path);
  const input = parseBody(await readBody(req), req.headers['content-type']);
  const caller = await authenticate(context, req.headers.authorization);
  if (path === loginPath && !mayLogIn()) throw serviceUnavailable('Too many logins at a time: try again in a moment');
  count('requests');
  return serve(context, { path, caller, input, headers: headersOf(req) }, routes);
}

function refusal({ report }: Serving, requestId: string, path: string, error: unknown): Answer {
  if (error instanceof ApiError && error.status < 500) return errorReply(error);
  report(`request ${requestId} to ${path}`, error);
  return errorReply(error instanceof ApiError ? error : internalError(requestId, { cause: error }));
}

/**
 * A body that is too large is read to its end and dropped, because many clients read no reply before they have sent all.
 * One that is far too large is not.
 *
 * @throws ApiError InvalidInput when the body is larger than any that is accepted
 */
async function readBody(req: IncomingMessage): Promise<Buffer> {
  const announced = Number(req.headers['content-length'] ?? 0);
  if (announced > maximumDroppedBytes) throw bodyTooLarge(`${announced} bytes`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maximumBodyBytes) chunks.push(chunk);
    if (size > maximumDroppedBytes) throw bodyTooLarge(`more than ${maximumDroppedBytes} bytes`);
  }
  if (size > maximumBodyBytes) throw bodyTooLarge(`${size} bytes`);
  return Buffer.concat(chunks);
}

function headersOf(req: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(req.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

/** Routes are decoded where they are matched, as on AWS. */
function pathOf(req: IncomingMessage): string {
  const url = req.url ?? '/';
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

/** As of the route on AWS (infra/stacks/api.ts). */
const loginsPerSecond = 10;
const loginBurst = 20;
const keepAliveMs = 65_000;
const maximumDroppedBytes = 64 * 1024 * 1024;
