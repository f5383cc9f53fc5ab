#!/usr/bin/env node
// The command `espalier`: finds the command that was asked for and runs it. A refusal becomes one sentence and exit
// status 1.

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolderPath } from '../machine/cache-folder.ts';
import { StartRefusal } from '../machine/start-refusal.ts';
import { UsageError } from './usage-error.ts';

type Command = {
  readonly summary: string;
  run(parameters: string[]): Promise<void>;
  /** Further text that `--help` prints after the summary. */
  details?(): Promise<string>;
};

function usage(commands = Object.values(allCommands)): string {
  const lines = commands.map(({ summary }) => `  espalier ${summary}`);
  return ['Usage:', ...lines, ''].join('\n');
}

async function main([name, ...parameters]: string[]): Promise<void> {
  if (name === undefined || name === 'help' || helpFlags.includes(name)) {
    process.stdout.write(usage());
    return;
  }
  const command = Object.hasOwn(allCommands, name) ? allCommands[name] : undefined;
  if (!command) throw new UsageError(`There is no command "${name}".\n${usage()}`);
  const own = parameters.includes('--') ? parameters.slice(0, parameters.indexOf('--')) : parameters;
  if (own.some((parameter) => helpFlags.includes(parameter))) {
    process.stdout.write(usage([command]) + ((await command.details?.()) ?? ''));
    return;
  }
  await command.run(parameters);
}

const helpFlags: readonly string[] = ['--help', '-h'];

/** Each command with its line of help. Its module is loaded only when the command runs. */
const allCommands: Readonly<Record<string, Command>> = {
  start: {
    summary: 'start [--port N] [--data DIR] [--workers N] [--as-deployed] [--durability disk|kernel]',
    run: async (parameters) => (await import('./command/start.ts')).start(parameters),
    details: async () => (await import('./command/start.ts')).startDetails(),
  },
  env: {
    summary: 'env [--data DIR] [--user NAME]                print export lines for dx, with a new token',
    run: async (parameters) => (await import('./command/env.ts')).printEnvironment(parameters),
  },
  user: {
    summary: 'user add NAME [--data DIR]                    add a user; print a password and a token, once',
    run: async (parameters) => (await import('./command/user.ts')).user(parameters),
  },
  enter: {
    summary: 'enter JOB [--data DIR] [-- COMMAND ...]       open a shell in a failed job that is held',
    async run(parameters) {
      process.exitCode = await (await import('./command/enter.ts')).enter(parameters);
    },
  },
  demo: {
    summary: 'demo [--as-deployed]                          run the example from upload to result',
    async run(parameters) {
      process.exitCode = await (await import('./command/demo.ts')).demo(parameters);
    },
  },
  doctor: {
    summary: 'doctor [--port N] [--data DIR]                say whether this machine has all that is needed',
    run: async (parameters) => (await import('./command/doctor.ts')).doctor(parameters),
  },
};

// TypeScript is stripped and compiled once for all starts of one version.
enableCompileCache(join(cacheFolderPath(process.env), 'compiled'));
try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof StartRefusal) && !(error instanceof UsageError)) throw error;
  process.stderr.write(`espalier: ${error.message.trimEnd()}\n`);
  // Work that was begun beside the failed one (a synthesis, an installation) is not awaited.
  process.exit(1);
}
