// The chain of all HTTP functions: access log, error mapping, body checks, authentication, then the routes.

import middy, { type MiddyfiedHandler } from '@middy/core';
import { redirectDownload } from '../../api/download.ts';
import { preflightHeaders } from '../../api/http/reply-header.ts';
import type { Route } from '../../api/route.ts';
import { type Reply, serve } from '../../api/serve.ts';
import { loginPath } from '../../core/access/login-path.ts';
import type { Context } from '../../core/context.ts';
import { accessLog } from './access-log.ts';
import { authentication } from './authentication.ts';
import { errorMapping } from './error-mapping.ts';
import { foundIn, type HttpEvent, type HttpResult, headersOf, isDownload, isPreflight } from './http-event.ts';
import { requestBody } from './request-body.ts';

/** A function that answers these routes. Every other path is ResourceNotFound. */
export function httpHandler(context: Context, routes: readonly Route[]): MiddyfiedHandler<HttpEvent, HttpResult> {
  const tables = tablesOf(routes);
  return chained(context, (event) => answer(context, event, tables));
}

/** The same, and download links too: clients follow those by GET, and ask about them by HEAD. */
export function httpAndDownloadHandler(
  context: Context,
  routes: readonly Route[],
): MiddyfiedHandler<HttpEvent, HttpResult> {
  const tables = tablesOf(routes);
  return chained(context, async (event) => {
    if (!isDownload(event)) return answer(context, event, tables);
    const method = event.requestContext.http.method === 'HEAD' ? 'HEAD' : 'GET';
    const reply = await redirectDownload(context, event.rawPath, method);
    return 'location' in reply
      ? { statusCode: reply.status, headers: { location: reply.location, 'cache-control': 'no-store' }, body: '' }
      : resultOf(reply);
  });
}

function chained(
  context: Context,
  respond: (event: HttpEvent) => Promise<HttpResult>,
): MiddyfiedHandler<HttpEvent, HttpResult> {
  return middy<HttpEvent, HttpResult>()
    .use(accessLog())
    .use(errorMapping())
    .use(requestBody())
    .use(authentication(context))
    .handler(async (event) =>
      isPreflight(event) ? { statusCode: 204, headers: { ...preflightHeaders }, body: '' } : respond(event),
    );
}

type Tables = { readonly all: readonly Route[]; readonly uncounted: readonly Route[] };

/**
 * A login has a route of its own in API Gateway, which limits it. Under another spelling of its path it does not exist.
 */
function tablesOf(routes: readonly Route[]): Tables {
  return { all: routes, uncounted: routes.filter(({ path }) => path !== loginPath) };
}

async function answer(context: Context, event: HttpEvent, tables: Tables): Promise<HttpResult> {
  const { input, caller } = foundIn(event);
  if (caller === undefined) throw new Error('The HTTP chain has not asked who is calling.');
  const routes = event.routeKey === '$default' ? tables.uncounted : tables.all;
  return resultOf(await serve(context, { path: event.rawPath, caller, input, headers: headersOf(event) }, routes));
}

function resultOf({ status, text, headers }: Reply): HttpResult {
  return { statusCode: status, headers: { ...headers }, body: text };
}
