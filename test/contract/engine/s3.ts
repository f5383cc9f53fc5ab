// Starts our S3 for the contract suites in this process, with its own port and folder.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectCreated } from '../../../emulation/cloud/s3/object-created.ts';
import { createS3, type S3 } from '../../../emulation/cloud/s3/s3.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';
import type { Endpoint } from '../endpoint.ts';
import { bucketExtension } from '../extension/s3/s3-extension.ts';

const credentials = { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'contract/secret+key' };

/** Our engine, with its inner parts for tests of effects that the wire does not show. */
export type OurS3 = Endpoint & { readonly s3: S3; readonly folder: string };
export type OurS3Options = {
  /** A data folder to open, which is kept. Without it a new folder is made and removed. */
  readonly folder?: string;
  readonly now?: () => number;
  readonly onEvent?: (event: ObjectCreated) => Promise<void> | void;
  readonly authorise?: (caller: { accessKeyId: string }, action: string, resources: string[]) => void;
};

export async function startOurs(options: OurS3Options = {}): Promise<OurS3> {
  const { folder: kept, ...rest } = options;
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'espalier-s3-')));
  const database = openDatabase(join(folder, 'cloud.sqlite'));
  const { accessKeyId, secretAccessKey } = credentials;
  const s3 = createS3({
    folder: join(folder, 's3'),
    database,
    credentials: new Map([[accessKeyId, { secretAccessKey }]]),
    operations: bucketExtension,
    ...rest,
  });
  const server = createServer({ requestTimeout: 0 }, s3.listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await s3.close();
    database.close();
    if (!kept) await rm(folder, { recursive: true });
  };
  return { endpoint, credentials, close, s3, folder };
}
