// Starts our control server with some JSON services on a free loopback port, with a database in memory.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DatabaseSync } from 'node:sqlite';
import { createControlServer, type JsonService } from '../../../emulation/cloud/wire/control-server.ts';
import { createSigV4Verifier } from '../../../emulation/cloud/wire/signature.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';
import type { Endpoint } from '../endpoint.ts';

export type OurServices = { readonly services: readonly JsonService[]; close(): Promise<void> };

const credentials = { accessKeyId: 'AKIACONTRACT', secretAccessKey: 'contract-secret' };

/** `start` gets a database and the endpoint, which is known once the server listens. */
export async function startControl(
  start: (database: DatabaseSync, endpoint: () => string) => OurServices,
): Promise<Endpoint> {
  const database = openDatabase(':memory:');
  let endpoint = '';
  const ours = start(database, () => endpoint);
  const verify = createSigV4Verifier(
    new Map([[credentials.accessKeyId, { secretAccessKey: credentials.secretAccessKey }]]),
  );
  const server = createServer(createControlServer({ services: ours.services, verify }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoint,
    credentials,
    async close() {
      await ours.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      database.close();
    },
  };
}
