// Turns every thrown error into the error envelope (docs/reference/api.md, "Errors"). A refusal is reported to the
// caller. A fault is logged with its cause, and the caller gets the request id.

import { Logger } from '@aws-lambda-powertools/logger';
import type { MiddlewareObj } from '@middy/core';
import { errorReply } from '../../api/serve.ts';
import { AwsFailure } from '../../aws/failure.ts';
import { ApiError, internalError, serviceUnavailable } from '../../core/error/api-error.ts';
import { foundIn, type HttpEvent, type HttpResult } from './http-event.ts';

const logger = new Logger({ serviceName: 'espalier' });

export function errorMapping(): MiddlewareObj<HttpEvent, HttpResult> {
  return {
    onError(request) {
      const { requestId } = foundIn(request.event);
      const refusal = refusalOf(request.error, requestId);
      if (refusal.status >= 500) logger.error('fault', { requestId, error: request.error as Error });
      const { status, text, headers } = errorReply(refusal);
      request.response = { statusCode: status, headers, body: text };
    },
  };
}

function refusalOf(error: unknown, requestId: string): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof AwsFailure && error.transient) {
    return serviceUnavailable('The platform is overloaded', { cause: error });
  }
  return internalError(requestId, { cause: error });
}
