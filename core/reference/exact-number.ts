// Reads JSON without changing a whole number. JavaScript keeps whole numbers exactly only up to 2⁵³
// (docs/reference/api.md, "Classes of values").

import { exceedsDepth } from './value.ts';

/**
 * The value, or a sentence that names the first whole number that would come back as another one.
 * @throws SyntaxError when the text is not JSON
 */
export function parseExactly(text: string): { readonly value: unknown } | { readonly problem: string } {
  const value: unknown = JSON.parse(text);
  // Shorter numbers are exact. A walk over every value costs far more than this search. Too deep a value is refused
  // elsewhere, and the walk would not survive it.
  if (!manyDigits.test(text) || exceedsDepth(value)) return { value };
  let problem: string | undefined;
  JSON.parse(text, (key: string, number: unknown, read?: { readonly source?: string }) => {
    const source = read?.source ?? '';
    if (typeof number !== 'number' || !isWhole.test(source) || Number.isSafeInteger(number)) return number;
    if (String(number) !== source) problem ??= inexact(key, source, number);
    return number;
  });
  return problem === undefined ? { value } : { problem };
}

function inexact(key: string, source: string, number: number): string {
  const shown = source.length > shownDigitCount ? `${source.slice(0, shownDigitCount)}…` : source;
  return `the number ${shown} (key "${key.slice(0, shownKeyLength)}") would become ${number}: pass it as a string`;
}

const manyDigits = /\d{16}/;
const isWhole = /^-?\d+$/;
const shownDigitCount = 40;
const shownKeyLength = 100;
