// Starts the engines that ours are compared with, as processes that end with this one.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startTethered, type Tethered } from '../../emulation/database/lifeline.ts';
import { mockConfig } from '../contract/job-attempt-cases.ts';
import { installDynamoDbLocal, installJsonata, installLocalStack } from './installation.ts';
import { jsonataVersion } from './pin.ts';
import type { Prerequisites } from './prerequisite.ts';

export type RunningOracle = {
  /** The name that CONTRACT_ENGINE and differences.ts use. */
  readonly name: 'localstack' | 'dynamodb-local';
  readonly endpoint: string;
  close(): Promise<void>;
};

/** The time that an engine may take to answer on a busy machine. */
const startLimitMs = 120_000;
const pollMs = 100;
/** The name that step-functions.test.ts gives the deployed machine. */
const machineName = 'job-attempt';

/** Starts LocalStack on loopback. Its Step Functions give the answers of the job attempt's cases. */
export async function startLocalStack({ python, java }: Prerequisites): Promise<RunningOracle> {
  const [interpreter, jars] = await Promise.all([installLocalStack(python), installJsonata()]);
  const folder = mkdtempSync(join(tmpdir(), 'espalier-localstack-'));
  const libraries = join(folder, 'var', 'lib', 'localstack', 'lib');
  mkdirSync(join(libraries, 'jsonata'), { recursive: true });
  mkdirSync(join(libraries, 'java'));
  // LocalStack would download both by itself.
  symlinkSync(jars, join(libraries, 'jsonata', jsonataVersion));
  symlinkSync(java.home, join(libraries, 'java', '21'));
  const mocks = join(folder, 'step-functions-mocks.json');
  writeFileSync(mocks, JSON.stringify(mockConfig(machineName)));
  const port = await freePort();
  const environment = {
    HOME: folder,
    // Otherwise it may assume a container, listen on all addresses and write to system folders.
    OVERRIDE_IN_DOCKER: '0',
    FILESYSTEM_ROOT: folder,
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    DISABLE_EVENTS: '1',
    SKIP_SSL_CERT_DOWNLOAD: '1',
    // By default it accepts any signature. With this it checks those of presigned URLs at least.
    S3_SKIP_SIGNATURE_VALIDATION: '0',
    SFN_MOCK_CONFIG: mocks,
  };
  const command = [interpreter, '-m', 'localstack.runtime.main'];
  return startEngine('localstack', { command, environment, port, folder, ready: '/_localstack/health' });
}

/** Starts AWS's own engine in memory. It always listens on every address, but holds only data of the suite. */
export async function startDynamoDbLocal({ java }: Prerequisites): Promise<RunningOracle> {
  const jars = await installDynamoDbLocal();
  const folder = mkdtempSync(join(tmpdir(), 'espalier-dynamodb-local-'));
  const port = await freePort();
  const classPath = ['-cp', join(jars, '*'), `-Djava.library.path=${jars}`, `-Djava.io.tmpdir=${folder}`];
  const program = 'com.amazonaws.services.dynamodbv2.local.main.ServerRunner';
  const command = [java.command, ...classPath, program, '-port', String(port), '-inMemory', '-disableTelemetry'];
  return startEngine('dynamodb-local', { command, environment: { HOME: folder }, port, folder, ready: '/' });
}

type Start = {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly port: number;
  /** A folder of its own, which is removed when the engine has ended. */
  readonly folder: string;
  /** A path that answers with any status once the engine serves. */
  readonly ready: string;
};

async function startEngine(name: RunningOracle['name'], start: Start): Promise<RunningOracle> {
  const { command, environment, port, folder, ready } = start;
  const assignments = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`);
  const tethered = startTethered(['env', ...assignments, ...command]);
  const endpoint = `http://127.0.0.1:${port}`;
  const close = async () => {
    await endProcess(tethered);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilAnswering(name, `${endpoint}${ready}`, tethered);
  } catch (error) {
    await close();
    throw error;
  }
  return { name, endpoint, close };
}

async function untilAnswering(name: string, url: string, tethered: Tethered): Promise<void> {
  let ended = false;
  void tethered.ended.then(() => {
    ended = true;
  });
  for (const deadline = Date.now() + startLimitMs; Date.now() < deadline && !ended; await delay(pollMs)) {
    const answered = await fetch(url, { signal: AbortSignal.timeout(startLimitMs) }).then(
      async (response) => (await response.arrayBuffer()) !== undefined,
      () => false,
    );
    if (answered) return;
  }
  const what = ended ? 'ended before it answered' : `does not answer within ${startLimitMs / 1000} s`;
  throw new Error(`${name} ${what}: ${tethered.lastOutput()}`);
}

/** Sends SIGKILL, because the data is thrown away. The pid is its own as long as the shell that waits for it runs. */
async function endProcess({ pid, ended }: Tethered): Promise<void> {
  const known = await pid.catch(() => undefined);
  if (known !== undefined) {
    try {
      process.kill(known, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
