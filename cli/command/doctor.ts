// `espalier doctor`: checks that this machine has everything a platform needs, before anything is started. It prints a
// line for each check.

import { createServer } from 'node:http';
import { listenOn } from '../../emulation/compose/listener.ts';
import { engineFile } from '../../emulation/database/dynoxide.ts';
import { exchangeVariables, readExchanges } from '../../emulation/exchange/exchange.ts';
import { synthesize } from '../../emulation/synthesize.ts';
import { cacheFolderPath } from '../../machine/cache-folder.ts';
import { dataFolderPath, openDataFolder } from '../../machine/data-folder.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { say } from '../notice.ts';
import { readNumber, readOptions } from '../option.ts';
import { defaultPort } from './start.ts';

/** Prints each check with `ok` or the problem. The exit status is 1 when there is a problem. */
export async function doctor(parameters: readonly string[]): Promise<void> {
  const { options } = readOptions(parameters, ['port', 'data']);
  const port = readNumber('port', options.port ?? String(defaultPort), { least: 0, greatest: maximumPort });
  const cache = cacheFolderPath(process.env);
  const checks: Readonly<Record<string, () => unknown>> = {
    node: checkNode,
    services: () => readExchanges(process.env),
    database: () => (process.env[exchangeVariables.dynamoDb.variable] ? undefined : engineFile()),
    'data folder': () => openDataFolder(dataFolderPath(options.data, process.env)).close(),
    port: () => checkPort(port),
    python: () => preparePythonEnvironment(process.env, say),
    template: () => synthesize(cache, say),
  };
  for (const [name, check] of Object.entries(checks)) {
    const problem = await problemOf(check);
    process.stdout.write(`${name}: ${problem ?? 'ok'}\n`);
    if (problem !== undefined) process.exitCode = 1;
  }
}

async function problemOf(check: () => unknown): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof StartRefusal) return error.message;
    throw error;
  }
}

function checkNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < oldestNodeVersion) {
    throw new StartRefusal(
      `Node ${process.versions.node} runs this, but ${oldestNodeVersion} is needed: start it by npm or npx.`,
    );
  }
}

async function checkPort(port: number): Promise<void> {
  const server = createServer();
  await listenOn(server, port);
  await new Promise((resolve) => server.close(resolve));
}

const oldestNodeVersion = 24;
const maximumPort = 65_535;
