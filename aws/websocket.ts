// Sends to open WebSocket connections through API Gateway. Knows nothing of what is sent.
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Environment } from './environment.ts';
import { unlessRefused } from './failure.ts';

export interface Connections {
  /** One text message of at most 128 KB. False when nobody is there any more. */
  post(connectionId: string, text: string): Promise<boolean>;
  /** Ends the connection; one that has ended already is fine. */
  close(connectionId: string): Promise<void>;
}

/**
 * @param callback where API Gateway takes messages: `https://<domain of the event>/<stage of the event>`. AWS's own
 * variables for another endpoint win over it, as they do for every other client.
 */
export function createConnections(environment: Environment, callback: string): Connections {
  const elsewhere = environment.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI ?? environment.AWS_ENDPOINT_URL;
  const client = new ApiGatewayManagementApiClient(elsewhere === undefined ? { endpoint: callback } : {});
  return {
    post: (connectionId, text) =>
      present('PostToConnection', () =>
        client.send(new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(text) })),
      ),
    async close(connectionId) {
      await present('DeleteConnection', () => client.send(new DeleteConnectionCommand({ ConnectionId: connectionId })));
    },
  };
}

/** False when the connection is gone. */
async function present(operation: string, call: () => Promise<object>): Promise<boolean> {
  return (await unlessRefused(operation, ['GoneException'], call)) !== undefined;
}
