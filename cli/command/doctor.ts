// `espalier doctor`: checks that this machine has everything a platform needs, before anything is started. It prints a
// line for each check, and makes nothing but the Python environment in the cache.

import { createServer } from 'node:http';
import { checkDataFolder, dataFolderPath, isHeld, pathIn } from '../../machine/data-folder.ts';
import { askPlatform } from '../../machine/operator/control-socket.ts';
import type { Status } from '../../machine/operator/desk.ts';
import { isCheckout } from '../../machine/program-file.ts';
import { preparePythonEnvironment } from '../../machine/python-environment.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { CommandLine } from '../command.ts';
import { asDeployed, readNumber } from '../command-line.ts';
import { defaultPort, maximumPort } from '../default.ts';
import { say } from '../notice.ts';
import { findOnPath, typedCommandOn } from '../on-path.ts';

/** Returns what is worth saying beside "ok". @throws StartRefusal with the problem. */
type Check = () => unknown;

/** Prints each check with `ok` or the problem. The exit status is 1 when there is a problem. */
export async function doctor({ options, flags }: CommandLine): Promise<number> {
  const port = readNumber('port', options.port ?? String(defaultPort), { least: 0, greatest: maximumPort });
  const folder = dataFolderPath(options.data, process.env);
  const running = isHeld(folder) ? await statusOf(folder) : undefined;
  const runtime = flags.has(asDeployed) ? 'deployed' : 'embedded';
  const checks: Readonly<Record<string, Check>> = {
    node: checkNode,
    'data folder': () => {
      checkDataFolder(folder, running?.runtime ?? runtime);
      return running === undefined ? folder : `${folder}, where a platform runs at ${running.url}`;
    },
    port: () => checkPort(port, running),
    python: async () => (await preparePythonEnvironment(process.env, say)).bin,
    dx: () =>
      findOnPath('dx', process.env.PATH) ??
      `not on the PATH, but eval "$(${typedCommandOn(folder, 'env')})" adds that of the platform's Python`,
    ...(flags.has(asDeployed) ? deployedChecks() : {}),
  };
  let status = 0;
  for (const [name, check] of Object.entries(checks)) {
    const { problem, more } = await resultOf(check);
    process.stdout.write(`${name}: ${problem ?? `ok${typeof more === 'string' ? ` (${more})` : ''}`}\n`);
    if (problem !== undefined) status = 1;
  }
  return status;
}

/** Checks the further needs of the emulation of the deployed template. */
function deployedChecks(): Readonly<Record<string, Check>> {
  const only = async <Result>(check: () => Promise<Result>) => {
    if (!isCheckout) throw new StartRefusal(`--${asDeployed} needs a checkout of Espalier.`);
    await check();
  };
  return {
    services: () => only(async () => (await import('../../emulation/exchange/exchange.ts')).readExchanges(process.env)),
    database: () =>
      only(async () => {
        const { exchangeVariables } = await import('../../emulation/exchange/exchange.ts');
        const { engineFile } = await import('../../emulation/database/dynoxide.ts');
        return process.env[exchangeVariables.dynamoDb.variable] ?? engineFile();
      }),
    template: () =>
      only(async () => {
        const { cacheFolderPath } = await import('../../machine/cache-folder.ts');
        return (await import('../../emulation/synthesize.ts')).synthesize(cacheFolderPath(process.env), say);
      }),
  };
}

async function resultOf(check: Check): Promise<{ readonly problem?: string; readonly more?: unknown }> {
  try {
    return { more: await check() };
  } catch (error) {
    if (error instanceof StartRefusal) return { problem: error.message };
    throw error;
  }
}

/** Undefined when the platform is starting or ending. */
async function statusOf(folder: string): Promise<Status | undefined> {
  return askPlatform<Status>(pathIn(folder, 'socket'), { action: 'status' }).catch((error: unknown) => {
    if (error instanceof StartRefusal) return undefined;
    throw error;
  });
}

function checkNode(): string {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNodeVersion) return process.versions.node;
  throw new StartRefusal(
    `Node ${process.versions.node} runs this, but ${oldestNodeVersion} is needed: start it by bin/espalier.js.`,
  );
}

/** The port of the platform that runs on the folder is where it should be. */
async function checkPort(port: number, running: Status | undefined): Promise<string> {
  if (running !== undefined && Number(new URL(running.url).port) === port) return `${port}, used by the platform`;
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new StartRefusal(`Port ${port} cannot be used: ${cause.message}.`, { cause })),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

const oldestNodeVersion = 24;
