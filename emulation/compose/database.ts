// Opens the engine of the tables and the gate before it. The engine is our own or a DynamoDB that the user named.

import type { Authority } from '../authority/authority.ts';
import { localRegion } from '../cloud/wire/account.ts';
import type { createSigV4Verifier } from '../cloud/wire/signature.ts';
import { createDynamoClient, type DynamoClient, type DynamoTarget } from '../database/client.ts';
import { type Database, startDynoxide } from '../database/dynoxide.ts';
import { type Gate, openGate } from '../database/gate.ts';
import { createTables } from '../database/table.ts';
import type { Exchanges } from '../exchange/exchange.ts';
import { demandOf } from '../exchange/place.ts';
import type { DeployedResource } from '../template/resource-set.ts';

export type Tables = {
  /** A client for the platform's own calls, which are not checked against a role. */
  readonly client: DynamoClient;
  /** True for our own engine, which only this platform writes to. */
  readonly isOwn: boolean;
  /** Creates the tables of the template that do not exist yet. */
  create(tables: readonly DeployedResource[]): Promise<void>;
  /** Opens the address at which functions call the engine. */
  openGate(options: {
    authority: Authority;
    verify: ReturnType<typeof createSigV4Verifier>;
    onWrite(tables: readonly string[]): void;
    count(what: string): void;
  }): Promise<Gate>;
  close(): Promise<void>;
};

/** Starts the engine on the data file, or connects to the one that the user named. */
export async function openTables(
  file: string,
  { dynamoDb, streams }: Exchanges,
  onLost: (reason: string) => void,
): Promise<Tables> {
  if (dynamoDb) {
    const { endpoint, region, credentials } = dynamoDb;
    const elsewhere = streams ? { streamsEndpoint: streams.endpoint } : {};
    const tables = tablesAt({ endpoint, region, credentials, ...elsewhere }, undefined);
    const create = (declared: readonly DeployedResource[]) =>
      demandOf(dynamoDb, 'The tables could not be created', () => tables.create(declared));
    return { ...tables, create };
  }
  const database = await startDynoxide(file, onLost);
  return tablesAt({ endpoint: database.endpoint, region: localRegion, credentials: undefined }, database);
}

function tablesAt(target: DynamoTarget, database: Database | undefined): Tables {
  const client = createDynamoClient(target);
  return {
    client,
    isOwn: database !== undefined,
    create: (declared) => createTables(client, declared),
    openGate: ({ authority, verify, onWrite, count }) =>
      openGate({
        target,
        verify,
        authorise: authority.authorise,
        onWrite,
        onCall: ({ operation }) => count(`dynamodb:${operation}`),
      }),
    async close() {
      client.close();
      await database?.close();
    },
  };
}
