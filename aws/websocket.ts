// Sends to open WebSocket connections through API Gateway. Knows nothing of what is sent.
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Environment } from './environment.ts';
import { codeOf, translated, unlessRefused } from './failure.ts';

export interface Connections {
  /** One text message of at most 128 KB. `gone`: nobody is there any more; `busy`: nothing more is taken now. */
  post(connectionId: string, text: string): Promise<'sent' | 'gone' | 'busy'>;
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
    async post(connectionId, text) {
      const command = new PostToConnectionCommand({ ConnectionId: connectionId, Data: Buffer.from(text) });
      try {
        await translated('PostToConnection', () => client.send(command));
        return 'sent';
      } catch (error) {
        const code = codeOf(error);
        if (code === 'GoneException') return 'gone';
        // Too many requests, or the reader's buffer is full: it was not taken (API_apigatewayManagementApi, errors).
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
