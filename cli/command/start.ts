// `espalier start`: runs the platform in the foreground. It prints exactly one line on standard output when it serves, after
// what a first start has to tell.
import { availableParallelism } from 'node:os';
import { HONOURED, unusedVariables } from '../../emulation/exchange/exchange.ts';
import { type Platform, startPlatform } from '../../emulation/platform.ts';
import { dataFolderPath, pathIn } from '../../machine/data-folder.ts';
import { openControlSocket } from '../../machine/operator/control-socket.ts';
import { answerOperator, firstUserName } from '../../machine/operator/desk.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { say } from '../notice.ts';
import { readNumber, readOptions } from '../option.ts';

/** Not a port of a well-known program; documented in the README. */
export const DEFAULT_PORT = 8124;
const MAX_PORT = 65_535;
const MAX_WORKERS = 1_000;

/** Returns when the platform has ended. @throws StartRefusal, UsageError. */
export async function start(parameters: readonly string[]): Promise<void> {
  const { options } = readOptions(parameters, ['port', 'data', 'workers']);
  const port = readNumber('port', options.port ?? String(DEFAULT_PORT), { least: 0, greatest: MAX_PORT });
  const slots = options.workers ?? String(availableParallelism());
  const dataFolder = dataFolderPath(options.data, process.env);
  const stopAsked = untilSignal();
  for (const name of unusedVariables(process.env))
    say(`${name} is left alone: the platform uses no service of that name.`);
  const platform = await startPlatform({
    dataFolder,
    port,
    workers: readNumber('workers', slots, { least: 1, greatest: MAX_WORKERS }),
    environment: process.env,
    report,
    say,
  });
  try {
    // Whoever waits at the socket asks for this user.
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
  // Threads and sockets that are slow to go must not keep the terminal.
  process.exit();
}

/** For `--help`. */
export function startDetails(): string {
  const lines = Object.values(HONOURED).map(({ variable, what }) => `  ${variable.padEnd(34)}${what}`);
  return [
    '',
    'Each of these variables lets another service stand in for one of the platform, with the keys and the region of',
    "AWS's other variables; a start refuses AWS_ENDPOINT_URL… of its other services (docs/exchanged-services.md):",
    ...lines,
    '',
  ].join('\n');
}

/** A start that was killed between adding the user and noting it: the user is there, the password was never shown. */
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

/** A second signal ends at once: nothing is lost by that. */
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
