// Finds the caller by the token. It does not refuse anybody, because some routes are for everyone.

import type { MiddlewareObj } from '@middy/core';
import { authenticate } from '../../api/authenticate.ts';
import type { Context } from '../../core/context.ts';
import { foundIn, type HttpEvent, type HttpResult, headerOf, isDownload, isPreflight } from './http-event.ts';

export function authentication(context: Context): MiddlewareObj<HttpEvent, HttpResult> {
  return {
    async before({ event }) {
      // A download link is its own credential, and a preflight has none.
      if (isDownload(event) || isPreflight(event)) return;
      foundIn(event).caller = await authenticate(context, headerOf(event, 'authorization'));
    },
  };
}
