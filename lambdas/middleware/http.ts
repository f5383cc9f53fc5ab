// The one chain of all HTTP functions: access log, error mapping, body checks, authentication, then the routes.
import middy, { type MiddyfiedHandler } from '@middy/core';
import type { Route } from '../../api/route.ts';
import { type Reply, serve } from '../../api/serve.ts';
import type { Context } from '../../core/context.ts';
import { accessLog } from './access-log.ts';
import { authentication } from './authentication.ts';
import { errorMapping } from './error-mapping.ts';
import { foundIn, type HttpEvent, type HttpResult, headersOf } from './http-event.ts';
import { requestBody } from './request-body.ts';

/** A function that answers these routes; every other path is ResourceNotFound. */
export function httpHandler(context: Context, routes: readonly Route[]): MiddyfiedHandler<HttpEvent, HttpResult> {
  return chained(context, async (event) => {
    const { input, caller = { kind: 'anonymous', why: 'no token' } } = foundIn(event);
    const reply = await serve(context, { path: event.rawPath, caller, input, headers: headersOf(event) }, routes);
    return resultOf(reply);
  });
}

/** The chain around any answer. */
export function chained(
  context: Context,
  answer: (event: HttpEvent) => Promise<HttpResult>,
): MiddyfiedHandler<HttpEvent, HttpResult> {
  return middy<HttpEvent, HttpResult>()
    .use(accessLog())
    .use(errorMapping())
    .use(requestBody())
    .use(authentication(context))
    .handler(answer);
}

function resultOf({ status, text }: Reply): HttpResult {
  return { statusCode: status, body: text };
}
