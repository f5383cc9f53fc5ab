// `espalier start`: runs the platform in the foreground. The last line on standard output says that it serves. A first
// start prints the first user's name, password and token before that line.

import { availableParallelism } from 'node:os';
import type { EmbeddedOptions } from '../../embedded/platform.ts';
import { dataFolderPath, pathIn } from '../../machine/data-folder.ts';
import { openControlSocket } from '../../machine/operator/control-socket.ts';
import { answerOperator, firstUserName } from '../../machine/operator/desk.ts';
import type { Platform } from '../../machine/platform.ts';
import { isCheckout } from '../../machine/program-file.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import type { CommandLine } from '../command.ts';
import { asDeployed, readNumber } from '../command-line.ts';
import { defaultPort, defaultRegion, maximumPort } from '../default.ts';
import { endingSignals, exitStatus } from '../ending.ts';
import { inWords } from '../execution-count.ts';
import { say } from '../notice.ts';
import { typedCommandOn } from '../on-path.ts';
import { UsageError } from '../usage-error.ts';

/** Returns when the platform has ended. @throws StartRefusal, UsageError. */
export async function start(line: CommandLine): Promise<number | undefined> {
  const settings = readSettings(line);
  if (line.flags.has('detach')) {
    const { startDetached } = await import('./start-detached.ts');
    return startDetached(line, settings.dataFolder);
  }
  const end = watchEnd();
  const startedAt = Date.now();
  const platform = await startRuntime(settings);
  try {
    await run(platform, settings, end, startedAt);
  } finally {
    await platform.close();
  }
  say('The platform has ended.');
  // Threads and sockets that end slowly must not keep the terminal.
  process.exit();
}

type Settings = Omit<EmbeddedOptions, 'report'> & { readonly runtime: 'embedded' | 'deployed' };

/** All options are judged before anything is made. */
function readSettings({ options, flags }: CommandLine): Settings {
  const { port = String(defaultPort), workers = String(availableParallelism()), durability = 'disk' } = options;
  const runtime = flags.has(asDeployed) ? 'deployed' : 'embedded';
  if (durability !== 'disk' && durability !== 'kernel')
    throw new UsageError(`--durability must be disk or kernel, not "${durability}".`);
  if (runtime === 'deployed' && options.durability !== undefined)
    throw new UsageError(`--durability is an option of the embedded runtime: leave it out with --${asDeployed}.`);
  const { region = defaultRegion } = options;
  if (runtime === 'deployed' && options.region !== undefined) {
    throw new UsageError(
      `--region is not possible with --${asDeployed}: the template is deployed in ${defaultRegion}. A new project may name any region (dx new project --region).`,
    );
  }
  return {
    dataFolder: dataFolderPath(options.data, process.env),
    port: readNumber('port', port, { least: 0, greatest: maximumPort }),
    workers: readNumber('workers', workers, { least: 1, greatest: maximumWorkerCount }),
    durability,
    region,
    runtime,
    environment: process.env,
    say,
  };
}

/** Each runtime is loaded only when it is started. */
async function startRuntime(settings: Settings): Promise<Platform> {
  if (settings.runtime === 'embedded') {
    const { startEmbedded } = await import('../../embedded/platform.ts');
    return startEmbedded({ ...settings, report });
  }
  if (!isCheckout)
    throw new StartRefusal(`--${asDeployed} needs a checkout of Espalier with its development packages.`);
  const { startPlatform } = await import('../../emulation/platform.ts');
  const { unusedVariables } = await import('../../emulation/exchange/exchange.ts');
  for (const name of unusedVariables(process.env)) say(`${name} is ignored: the platform does not use that service.`);
  return startPlatform({ ...settings, report });
}

/** Serves until the end is asked for, or until the platform cannot go on. */
async function run(platform: Platform, settings: Settings, end: End, startedAt: number): Promise<void> {
  const { dataFolder, runtime, workers } = settings;
  // `espalier env` waits at the socket and asks for this user, so the user must exist first.
  if (platform.folder.firstUser() === undefined) await addFirstUser(platform, settings);
  else await announceExecutions(platform);
  const facts = { runtime, workers, processId: process.pid, startedAt };
  const desk = { facts, stop: () => end.ask('"espalier stop"') };
  const socket = await openControlSocket(pathIn(dataFolder, 'socket'), (request) =>
    answerOperator(platform, desk, request),
  );
  end.ready();
  process.stdout.write(`ready ${platform.url}\n`);
  const lost = await Promise.race([end.asked, platform.lost.then((reason) => ({ reason }))]);
  if (typeof lost === 'string') say(`The platform ends (${lost}). Jobs that have not ended go on at the next start.`);
  else {
    say(lost.reason);
    process.exitCode = 1;
  }
  await socket.close();
}

/**
 * If an earlier start was killed between adding the user and noting it, the user exists and its password was never
 * shown.
 */
async function addFirstUser({ operator, folder }: Platform, { dataFolder }: Settings): Promise<void> {
  const name = firstUserName(process.env);
  const added = await operator.ask({ action: 'addUser', name }).catch((error: unknown) => {
    if (error instanceof StartRefusal) return operator.ask({ action: 'issueToken', name });
    throw error;
  });
  const password = added.password === undefined ? '' : `password ${added.password}\n`;
  const command = typedCommandOn(dataFolder, 'env');
  process.stdout.write(`user ${added.user}\n${password}token ${added.token}\nterminal eval "$(${command})"\n`);
  folder.noteFirstUser(name);
}

async function announceExecutions({ operator }: Platform): Promise<void> {
  const executions = inWords(await operator.ask({ action: 'countExecutions' }));
  if (executions !== undefined) say(`Executions of an earlier start go on: ${executions}.`);
}

type End = {
  /** Resolves with who asks for the end. */
  readonly asked: Promise<string>;
  ask(who: string): void;
  /** The platform serves: from now on it ends in order. */
  ready(): void;
};

/** npm and the launcher of this command may end without a word to their children. */
function watchParent(onGone: () => void): void {
  const { ppid, env } = process;
  if (env.npm_command === undefined && env.ESPALIER_LAUNCHER === undefined) return;
  setInterval(() => process.ppid !== ppid && onGone(), parentPollMs).unref();
}

/** A signal breaks the start off. That loses nothing, and neither does a second one, which ends the process at once. */
function watchEnd(): End {
  const { promise: asked, resolve } = Promise.withResolvers<string>();
  let isReady = false;
  let askedAt: number | undefined;
  for (const signal of endingSignals) {
    process.on(signal, () => {
      if (!isReady) say(`The start is broken off (${signal}).`);
      // Where a terminal and npm both pass Ctrl-C on, it comes twice.
      const isEcho = isReady && Date.now() < (askedAt ?? Number.POSITIVE_INFINITY) + echoMs;
      if (!isEcho) process.exit(exitStatus(null, signal));
      askedAt ??= Date.now();
      resolve(signal);
    });
  }
  watchParent(() => {
    if (!isReady) process.exit(1);
    resolve('its launcher has ended');
  });
  return {
    asked,
    ask: resolve,
    ready() {
      isReady = true;
    },
  };
}

function report(what: string, fault: unknown): void {
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  say(`${what}: ${text}`);
}

const maximumWorkerCount = 1_000;
const echoMs = 1_000;
const parentPollMs = 500;
