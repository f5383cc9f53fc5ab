// Sends to open WebSocket connections through API Gateway.

import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Environment } from './environment.ts';
import { codeOf, translated, unlessRefused } from './failure.ts';

export interface Connections {
  /**
   * Sends one text message of at most 128 KB. `gone`: the client has left. `busy`: the client accepts nothing more at
   * the moment.
   */
  post(connectionId: string, text: string): Promise<'sent' | 'gone' | 'busy'>;
  /** Ends the connection. A connection that has already ended is fine. */
  close(connectionId: string): Promise<void>;
}

/**
 * @param callback the address at which API Gateway accepts messages: `https://<domain of the event>/<stage of the
 * event>`. AWS's own variables for another endpoint override it, as they do for every other client.
 */
export function createConnections(environment: Environment, callback: string): Connections {
  const elsewhere = environment.AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI ?? environment.AWS_ENDPOINT_URL;
  const client = new ApiGatewayManagementApiClient(elsewhere === undefined ? { endpoint: callback } : {});
  return {
    async post(connectionId, text) {
      const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(text) });
      try {
        await translated('PostToConnection', () => client.send(command));
        return 'sent';
      } catch (error) {
        const code = codeOf(error);
        if (code === 'GoneException') return 'gone';
        // There were too many requests, or the reader's buffer is full, and the message was not accepted
        // (API_apigatewayManagementApi, errors).
        if (code === 'LimitExceededException') return 'busy';
        throw error;
      }
    },
    async close(connectionId) {
      const command = new DeleteConnectionCommand({ ConnectionId: connectionId });
      await unlessRefused('DeleteConnection', ['GoneException'], () => client.send(command));
    },
  };
}
