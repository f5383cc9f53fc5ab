// `espalier start`: runs the platform in the foreground. When the platform serves, it prints exactly one line on
// standard output. A first start prints the first user's name, password and token before that line.

import { availableParallelism } from 'node:os';
import type { EmbeddedOptions, EmbeddedPlatform as Platform } from '../../embedded/platform.ts';
import { exchangeVariables, unusedVariables } from '../../emulation/exchange/exchange.ts';
import { dataFolderPath, pathIn } from '../../machine/data-folder.ts';
import { openControlSocket } from '../../machine/operator/control-socket.ts';
import { answerOperator, firstUserName } from '../../machine/operator/desk.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { say } from '../notice.ts';
import { asDeployed, readNumber, readOptions } from '../option.ts';
import { UsageError } from '../usage-error.ts';

/** Well-known programs do not use this port. The README documents it. */
export const defaultPort = 8124;

/** Returns when the platform has ended. @throws StartRefusal, UsageError. */
export async function start(parameters: readonly string[]): Promise<void> {
  const { options, flags } = readOptions(parameters, ['port', 'data', 'workers', 'durability'], {
    flags: [asDeployed],
  });
  const port = readNumber('port', options.port ?? String(defaultPort), { least: 0, greatest: maximumPort });
  const slots = options.workers ?? String(availableParallelism());
  const dataFolder = dataFolderPath(options.data, process.env);
  const stopAsked = untilSignal();
  const common = {
    dataFolder,
    port,
    workers: readNumber('workers', slots, { least: 1, greatest: maximumWorkerCount }),
    environment: process.env,
    report,
    say,
  };
  const platform = flags.has(asDeployed) ? await startDeployed(common) : await startOnFile(common, options.durability);
  try {
    // `espalier env` waits at the socket and asks for this user, so the user must exist first.
    if (platform.folder.firstUser() === undefined) await addFirstUser(platform);
    const socket = await openControlSocket(pathIn(dataFolder, 'socket'), (request) =>
      answerOperator(platform, request),
    );
    process.stdout.write(`ready ${platform.url}\n`);
    const reason = await Promise.race([stopAsked, platform.lost]);
    if (reason !== undefined) {
      say(reason);
      process.exitCode = 1;
    }
    await socket.close();
  } finally {
    await platform.close();
  }
  // Threads and sockets that end slowly must not keep the terminal.
  process.exit();
}

type Common = Omit<EmbeddedOptions, 'durability'>;

/** Each runtime is loaded only when it is started. */
async function startOnFile(common: Common, durability: string = 'disk'): Promise<Platform> {
  if (durability !== 'disk' && durability !== 'kernel')
    throw new UsageError(`--durability must be disk or kernel, not "${durability}".`);
  const { startEmbedded } = await import('../../embedded/platform.ts');
  return startEmbedded({ ...common, durability });
}

async function startDeployed(common: Common): Promise<Platform> {
  const { startPlatform } = await import('../../emulation/platform.ts');
  for (const name of unusedVariables(process.env)) say(`${name} is ignored: the platform does not use that service.`);
  return startPlatform(common);
}

/** The text that `--help` prints after the summary. */
export function startDetails(): string {
  const lines = Object.values(exchangeVariables).map(({ variable, what }) => `  ${variable.padEnd(34)}${what}`);
  return [
    '',
    'Each of these variables replaces a service of the platform by another one, with the keys and the region of',
    "AWS's other variables. AWS_ENDPOINT_URL… of its other services is refused (docs/exchanged-services.md):",
    ...lines,
    '',
  ].join('\n');
}

/**
 * If an earlier start was killed between adding the user and noting it, the user exists and its password was never
 * shown.
 */
async function addFirstUser({ operator, folder }: Platform): Promise<void> {
  const name = firstUserName(process.env);
  const added = await operator.ask({ action: 'addUser', name }).catch((error: unknown) => {
    if (error instanceof StartRefusal) return operator.ask({ action: 'issueToken', name });
    throw error;
  });
  const password = added.password === undefined ? '' : `password ${added.password}\n`;
  process.stdout.write(`user ${added.user}\n${password}${added.token}\n`);
  folder.noteFirstUser(name);
}

/** A second signal ends the process at once. That loses nothing. */
function untilSignal(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve(undefined);
        process.once(signal, () => process.exit(130));
      });
    }
  });
}

function report(what: string, fault: unknown): void {
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  say(`${what}: ${text}`);
}

const maximumPort = 65_535;
const maximumWorkerCount = 1_000;
