// The tables' engine and the gate before it: our own process, or another DynamoDB that the user named. Knows no function.
import type { Authority } from '../authority/authority.ts';
import { REGION } from '../cloud/wire/account.ts';
import type { createSigV4Verifier } from '../cloud/wire/signature.ts';
import { createDynamoClient, type DynamoClient, type DynamoTarget } from '../database/client.ts';
import { type Database, startDynoxide } from '../database/dynoxide.ts';
import { type Gate, openGate } from '../database/gate.ts';
import { createTables } from '../database/table.ts';
import type { Exchanges } from '../exchange/exchange.ts';
import { demandOf } from '../exchange/place.ts';
import type { DeployedResource } from '../template/resource-set.ts';

export type Tables = {
  /** For what the platform itself does: no role is asked. */
  readonly client: DynamoClient;
  /** True for our own engine, which nobody else writes to. */
  readonly isOwn: boolean;
  /** Makes what the template declares and is not there. */
  create(tables: readonly DeployedResource[]): Promise<void>;
  /** Where functions find it. */
  openGate(options: {
    authority: Authority;
    verify: ReturnType<typeof createSigV4Verifier>;
    onWrite(tables: readonly string[]): void;
    count(what: string): void;
  }): Promise<Gate>;
  close(): Promise<void>;
};

/** Opens the engine of the data file, or the one that the user named. */
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
      demandOf(dynamoDb, 'The tables cannot be had', () => tables.create(declared));
    return { ...tables, create };
  }
  const database = await startDynoxide(file, onLost);
  return tablesAt({ endpoint: database.endpoint, region: REGION, credentials: undefined }, database);
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
