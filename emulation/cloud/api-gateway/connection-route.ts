// API Gateway's connection management for SDK clients: `/{api}/{stage}/@connections/{id}`.

import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import type { RestRoute } from '../wire/control-server.ts';
import type { WebSocketApi } from './websocket-api.ts';

/** The operations that the product calls, by HTTP method. */
export const connectionOperations: Readonly<Record<string, string>> = {
  POST: 'PostToConnection',
  DELETE: 'DeleteConnection',
};

/** @param find returns the API of an id and a stage, if it exists. */
export function connectionRoute(find: (apiId: string, stage: string) => WebSocketApi | undefined): RestRoute {
  return {
    match: (method, path) => Object.hasOwn(connectionOperations, method) && connectionPath.test(path),
    access(method, path) {
      const [, apiId, stage, connectionId] = connectionPath.exec(path) ?? [];
      const resource = arnOf('execute-api', `${apiId}/${stage}/${method}/@connections/${connectionId}`);
      return { action: 'execute-api:ManageConnections', resources: [resource] };
    },
    handle(req, res, body) {
      const [, apiId = '', stage = '', encoded = ''] =
        connectionPath.exec((req.url ?? '').split('?', 1)[0] ?? '') ?? [];
      const api = find(apiId, stage);
      if (!api)
        throw new AwsError('ForbiddenException', `There is no WebSocket API ${apiId} with a stage ${stage}`, 403);
      const connectionId = decodeURIComponent(encoded);
      if (req.method === 'POST') api.post(connectionId, body);
      else api.disconnect(connectionId);
      res.writeHead(req.method === 'POST' ? 200 : 204).end();
    },
  };
}

const connectionPath = /^\/([a-z0-9]+)\/([^/]+)\/(?:@|%40)connections\/([^/]+)$/i;
