// Reads options of the command line, completely, before anything is done.
import { parseArgs } from 'node:util';
import { UsageError } from './usage-error.ts';

/** The option and the least and greatest whole number that it takes. */
type NumberRange = { readonly least: number; readonly greatest: number };

/**
 * Options by name, all of them texts, and what else was given.
 * @throws UsageError for an option that is unknown, lacks its value, or for more words than `wordCount`.
 */
export function readOptions(
  parameters: readonly string[],
  names: readonly string[],
  wordCount = 0,
): { options: Readonly<Record<string, string | undefined>>; words: readonly string[] } {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values, positionals } = parseArgs({ args: [...parameters], options, allowPositionals: true });
    if (positionals.length > wordCount) throw new UsageError(`"${positionals[wordCount]}" is not expected here.`);
    return { options: values as Record<string, string | undefined>, words: positionals };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError((error as Error).message);
  }
}

/** @throws UsageError unless it is a whole number of the range. */
export function readNumber(option: string, text: string, { least, greatest }: NumberRange): number {
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number >= least && number <= greatest) return number;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${greatest}, not "${text}".`);
}
