// Reads all options of the command line before anything is done.

import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

/** The least and the greatest whole number that an option takes. */
type NumberRange = { readonly least: number; readonly greatest: number };

/**
 * Returns the options with a value by name, the flags that are set, and the other words.
 * @throws UsageError for an option that is unknown or lacks its value, or for more words than `wordCount`.
 */
export function readOptions(
  parameters: readonly string[],
  names: readonly string[],
  { wordCount = 0, flags = [] }: { readonly wordCount?: number; readonly flags?: readonly string[] } = {},
): {
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly flags: ReadonlySet<string>;
  readonly words: readonly string[];
} {
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }])),
  };
  try {
    const { values, positionals } = parseArgs({ args: [...parameters], options, allowPositionals: true });
    if (positionals.length > wordCount) throw new UsageError(`"${positionals[wordCount]}" is not expected here.`);
    const given = Object.entries(values);
    return {
      options: Object.fromEntries(given.filter(([, value]) => typeof value === 'string')) as Record<string, string>,
      flags: new Set(given.flatMap(([name, value]) => (value === true ? [name] : []))),
      words: positionals,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError unless the text is a whole number of the range. */
export function readNumber(option: string, text: string, { least, greatest }: NumberRange): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= greatest) return number;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${greatest}, not "${text}".`);
}

/** The flag that runs the emulation of the deployed template instead of the embedded runtime. */
export const asDeployed = 'as-deployed';
