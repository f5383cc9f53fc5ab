// The tables' engine and the gate before it: our own process, or another DynamoDB that the user named. Knows no function.
import type { Authority } from '../authority/authority.ts';
import type { createSigV4Verifier } from '../cloud/wire/signature.ts';
import { createDynamoClient, type DynamoClient, type DynamoTarget } from '../database/client.ts';
import { type Database, startDynoxide } from '../database/dynoxide.ts';
import { type Gate, openGate } from '../database/gate.ts';

export type Tables = {
  /** For what the platform itself does: no role is asked. */
  readonly client: DynamoClient;
  /** True for our own engine, which nobody else writes to. */
  readonly isOwn: boolean;
  /** Where functions find it. */
  openGate(options: {
    authority: Authority;
    verify: ReturnType<typeof createSigV4Verifier>;
    onWrite(tables: readonly string[]): void;
    count(what: string): void;
  }): Promise<Gate>;
  close(): Promise<void>;
};

/** The engine itself checks no signature: any credentials will do. */
const NOBODY = { accessKeyId: 'local', secretAccessKey: 'local' };

/** `AWS_ENDPOINT_URL_DYNAMODB` names another engine, with the credentials of AWS's own variables. */
export async function openTables(
  file: string,
  environment: Readonly<NodeJS.ProcessEnv>,
  onLost: (reason: string) => void,
): Promise<Tables> {
  const endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB;
  if (endpoint)
    return tablesAt({ endpoint, checksSignatures: true, credentials: credentialsIn(environment) }, undefined);
  const database = await startDynoxide(file, onLost);
  return tablesAt({ endpoint: database.endpoint, checksSignatures: false, credentials: NOBODY }, database);
}

function tablesAt(target: DynamoTarget, database: Database | undefined): Tables {
  const client = createDynamoClient(target);
  return {
    client,
    isOwn: database !== undefined,
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

function credentialsIn(environment: Readonly<NodeJS.ProcessEnv>): DynamoTarget['credentials'] {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = environment;
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return NOBODY;
  return {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
    ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
  };
}
