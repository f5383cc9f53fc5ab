// Reads all words and options of a command before anything is done.

import { parseArgs } from 'node:util';
import type { Command, CommandLine } from './command.ts';
import { usageOf } from './help.ts';
import { didYouMean } from './nearest.ts';
import { UsageError } from './usage-error.ts';

/**
 * @param parameters everything after the name of the command
 * @throws UsageError that ends with the usage of the command
 */
export function readCommandLine(command: Command, parameters: readonly string[]): CommandLine {
  const { words: wanted = [], rest: restName } = command;
  const end = parameters.indexOf('--');
  const own = end < 0 ? parameters : parameters.slice(0, end);
  const rest = end < 0 ? [] : parameters.slice(end + 1);
  const wrong = (what: string) => new UsageError(`${what}\nUsage: ${usageOf(command)}`);
  const options: Record<string, string> = {};
  const flags = new Set<string>();
  const words: string[] = [];
  for (const token of tokensOf(command, own)) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, rawName, value } = token;
    const known = command.options.find((one) => one.name === name);
    if (known === undefined) {
      const names = command.options.map((one) => `--${one.name}`);
      throw wrong(`There is no option "${rawName}" here.${didYouMean(rawName, names)}`);
    }
    if (known.value === undefined) {
      if (value !== undefined) throw wrong(`The option "--${name}" takes no value.`);
      flags.add(name);
      continue;
    }
    const isNext = value?.startsWith('-') === true && !token.inlineValue;
    if (value === undefined || isNext) throw wrong(`The option "--${name}" needs a value: --${name} ${known.value}.`);
    // A script with a variable that is not set passes an empty text, and would otherwise get the default.
    if (value === '') throw wrong(`The value of "--${name}" is empty: name one, or leave the option out.`);
    options[name] = value;
  }
  if (words.length > wanted.length) throw wrong(`"${words[wanted.length]}" is not expected here.`);
  if (words.length < wanted.length) throw wrong(`${wanted[words.length]} is missing.`);
  if (rest.length > 0 && restName === undefined) throw wrong(`"${rest[0]}" is not expected here.`);
  return { options, flags, words, rest };
}

function tokensOf({ options }: Command, parameters: readonly string[]) {
  const known = options.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const);
  const settings = { args: [...parameters], options: Object.fromEntries(known), allowPositionals: true } as const;
  return parseArgs({ ...settings, strict: false, tokens: true }).tokens;
}

/** The least and the greatest whole number that an option takes. */
type NumberRange = { readonly least: number; readonly greatest: number };

/** @throws UsageError unless the text is a whole number of the range. */
export function readNumber(option: string, text: string, { least, greatest }: NumberRange): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= greatest) return number;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${greatest}, not "${text}".`);
}

/** The flag that runs the emulation of the deployed template instead of the embedded runtime. */
export const asDeployed = 'as-deployed';
