// Starts the database of the emulation for its contract suite, on a file in a folder of its own.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDynoxide } from '../../../emulation/database/dynoxide.ts';
import type { Endpoint } from '../endpoint.ts';

export async function startOurs(): Promise<Endpoint> {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-dynamodb-'));
  const fail = (reason: string) => {
    throw new Error(reason);
  };
  const database = await startDynoxide(join(folder, 'rows.sqlite'), fail);
  return {
    endpoint: database.endpoint,
    credentials: { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'contract-secret' },
    async close() {
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}
