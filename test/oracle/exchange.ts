// Runs a platform with one of its services at an independent engine, and lets the real dx upload, build, run, watch,
// download and remove through it. It checks that the engine got the expected calls.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenExample, givenPlatform, givenSession, type Session } from '../wire/session.ts';
import type { RunningOracle } from './engine.ts';
import { type Corrupt, openProxy } from './proxy.ts';

export type ExchangedService = {
  readonly variable: string;
  readonly engine: RunningOracle['name'];
  /** Operations that the engine must have been asked for, or HTTP methods if requests do not name operations. */
  readonly used: readonly string[];
};

export const exchangedServices: readonly ExchangedService[] = [
  { variable: 'AWS_ENDPOINT_URL_S3', engine: 'localstack', used: ['POST', 'PUT', 'GET', 'HEAD'] },
  {
    variable: 'AWS_ENDPOINT_URL_SQS',
    engine: 'localstack',
    used: ['CreateQueue', 'SendMessageBatch', 'ReceiveMessage', 'DeleteMessageBatch'],
  },
  {
    variable: 'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
    engine: 'localstack',
    used: ['CreateLogStream', 'PutLogEvents', 'GetLogEvents'],
  },
  {
    variable: 'AWS_ENDPOINT_URL_DYNAMODB',
    engine: 'dynamodb-local',
    used: ['CreateTable', 'TransactWriteItems', 'GetRecords'],
  },
];

/** The size of two parts. Their bytes are random, so compression does not shrink them. */
const fileBytes = 17 * 1024 * 1024;
/** The engines accept any credentials, but a platform without credentials could not sign. */
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Returns `undefined` if everything went well. If `corrupt` changes the engine's answers, something must go wrong. */
export async function problemWith(
  { variable, used }: ExchangedService,
  endpoint: string,
  corrupt: Corrupt = () => undefined,
): Promise<string | undefined> {
  const asked = new Set<string>();
  const proxy = await openProxy({ endpoint, credentials, close: async () => {} }, (call, answer) => {
    asked.add(call.operation ?? call.method);
    return corrupt(call, answer);
  });
  try {
    const environment = {
      [variable]: proxy.endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    };
    await useAll(environment);
    const missing = used.filter((operation) => !asked.has(operation));
    return missing.length === 0 ? undefined : `the engine was never asked for ${missing.join(', ')}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await proxy.close();
  }
}

async function useAll(environment: Readonly<Record<string, string>>): Promise<void> {
  const platform = await givenPlatform({ environment, args: ['--as-deployed'] });
  try {
    const session = await givenSession(platform);
    try {
      await walk(session);
    } finally {
      session.close();
    }
  } finally {
    await platform.stop();
  }
}

async function walk(session: Session): Promise<void> {
  const bytes = randomBytes(fileBytes);
  session.file('sent', bytes);
  await session.ok(['upload', 'sent', '--path', '/a b+ü', '--wait', '--brief']);
  await session.ok(['build', givenExample(session, 'line-count')]);
  const watched = await session.ok(['run', 'line-count', '-ifiles=/a b+ü', '-y', '--watch']);
  const lines = bytes.filter((byte) => byte === 0x0a).length;
  demand('the log of the job', watched.includes(`a b+ü: ${lines} lines`), watched);
  await session.ok(['download', '/a b+ü', '-o', 'received']);
  demand(
    'the bytes of the file',
    digest(readFileSync(join(session.home, 'received'))) === digest(bytes),
    'others came',
  );
  const counts = await session.ok(['cat', '/line-counts.tsv']);
  demand('the result of the job', counts === `${lines}\ta b+ü`, counts);
  await session.ok(['rm', '-a', '-f', '/a b+ü']);
}

function demand(what: string, holds: boolean, found: string): void {
  if (!holds) throw new Error(`${what} is wrong: ${found}`);
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
