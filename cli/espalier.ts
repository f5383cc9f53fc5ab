#!/usr/bin/env node
// The command `espalier`: finds the command that was asked for and runs it. A refusal becomes one sentence and exit
// status 1.

import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheFolderPath } from '../machine/cache-folder.ts';
import { packageRoot } from '../machine/program-file.ts';
import { StartRefusal } from '../machine/start-refusal.ts';
import type { Command } from './command.ts';
import { readCommandLine } from './command-line.ts';
import { commands } from './command-table.ts';
import { helpOf, listOf, usageOf } from './help.ts';
import { didYouMean } from './nearest.ts';
import { UsageError } from './usage-error.ts';

async function main(typed: readonly string[]): Promise<void> {
  const given = typed[0] === 'help' && typed.length > 1 ? [...typed.slice(1), '--help'] : typed;
  const [name] = given;
  if (name === undefined || name === 'help' || helpFlags.includes(name)) {
    process.stdout.write(listOf(commands));
    return;
  }
  if (name === '--version' || name === 'version') {
    const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string };
    process.stdout.write(`espalier ${version} (Node ${process.versions.node})\n`);
    return;
  }
  const group = commands.filter((one) => one.name === name || one.name.startsWith(`${name} `));
  if (group.length > 1 && helpFlags.includes(given[1] ?? '')) {
    const own = group.find((one) => one.name === name);
    process.stdout.write(`${own === undefined ? '' : `${await helpOf(own)}\n`}${listOf(group)}`);
    return;
  }
  const command = findCommand(given);
  const parameters = given.slice(command.name.split(' ').length);
  const own = parameters.includes('--') ? parameters.slice(0, parameters.indexOf('--')) : parameters;
  if (own.some((parameter) => helpFlags.includes(parameter))) {
    process.stdout.write(await helpOf(command));
    return;
  }
  const status = await command.run(readCommandLine(command, parameters));
  if (status !== undefined) process.exitCode = status;
}

/** @throws UsageError when there is none */
function findCommand(given: readonly string[]): Command {
  const [first = '', second] = given;
  const found =
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first);
  const isOther = second !== undefined && !second.startsWith('-') && found?.name === first && found.words === undefined;
  const siblings = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (found !== undefined && !(isOther && siblings.length > 0)) return found;
  if (siblings.length > 0) {
    const names = siblings.map(({ name }) => name.slice(first.length + 1));
    const wrong = second === undefined || second.startsWith('-') ? `"${first}" needs a further word.` : '';
    const unknown = wrong || `There is no command "${first} ${second}".${didYouMean(second ?? '', names)}`;
    const all = found === undefined ? siblings : [found, ...siblings];
    throw new UsageError(`${unknown}\nUsage: ${all.map(usageOf).join('\n       ')}`);
  }
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  throw new UsageError(
    `There is no command "${first}".${didYouMean(first, names)}\n` +
      `Usage: espalier COMMAND [OPTION ...], where COMMAND is ${names.join(', ')}. "espalier help" explains them.`,
  );
}

const helpFlags: readonly string[] = ['--help', '-h'];

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
