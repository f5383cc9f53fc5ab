// Entry point of the log WebSocket, whose sockets open, ask and close, and of the pump, for which this function invokes
// itself.

import type { APIGatewayProxyWebsocketEventV2, Context as LambdaContext } from 'aws-lambda';
import { createSelfInvoke } from '../aws/functions.ts';
import { createConnections } from '../aws/websocket.ts';
import { isId } from '../core/id/identifier.ts';
import { context, environment } from './context.ts';
import { admitReader, pumpReader } from './log-socket/reader.ts';
import { forgetReader, noteReader } from './log-socket/turn.ts';

type SocketEvent = APIGatewayProxyWebsocketEventV2 & {
  readonly queryStringParameters?: Record<string, string | undefined>;
};
type Pump = { readonly connectionId: string; readonly callback: string; readonly turn: number };

const invokeSelf = createSelfInvoke(environment);
const readerOf = (connectionId: string, callback: string) => ({
  connectionId,
  connections: createConnections(environment, callback),
});

export async function handler(event: SocketEvent | Pump, lambda: LambdaContext): Promise<{ statusCode: number }> {
  if ('turn' in event) {
    const { connectionId, callback, turn } = event;
    const until = Date.now() + lambda.getRemainingTimeInMillis() - reserveMs;
    const goesOn = await pumpReader(context, readerOf(connectionId, callback), turn, until);
    if (goesOn) await invokeSelf({ ...event, turn: turn + 1 });
    return { statusCode: 200 };
  }
  const { connectionId, routeKey, domainName, stage } = event.requestContext;
  const callback = `https://${domainName}/${stage}`;
  const job = event.queryStringParameters?.job;
  if (routeKey === '$connect' && !isId(job, 'job')) return { statusCode: 404 };
  if (routeKey === '$connect') await noteReader(context, connectionId, String(job));
  else if (routeKey === '$disconnect') await forgetReader(context, connectionId);
  else {
    const isAdmitted = await admitReader(context, readerOf(connectionId, callback), event.body ?? '');
    if (isAdmitted) await invokeSelf({ connectionId, callback, turn: 1 });
  }
  return { statusCode: 200 };
}

/** Time that is left to start the next invocation. */
const reserveMs = 60_000;
