// Reads a file in which a job reports, and text from the job that should be JSON. If something else is there (a pipe, a
// device, a link, a gigabyte, `null`), the result says so: it is never a wait or an exception.

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** `problem` completes the sentence "job_output.json …". */
export type ReportFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly problem: string }
  | { readonly kind: 'hash'; readonly value: Record<string, unknown> };

export function readReportFile(path: string): ReportFile {
  let file: number;
  try {
    // A link is not followed, and a pipe without a writer is opened without waiting.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { kind: 'absent' };
    return unusable(code === 'ELOOP' ? 'is a symbolic link, not a file' : `cannot be read (${code})`);
  }
  try {
    const facts = fstatSync(file);
    if (!facts.isFile()) return unusable('is not a regular file');
    if (facts.size > reportBytesLimit) {
      const limit = `at most ${reportBytesLimit} are allowed. Put large results into a file`;
      return unusable(`has ${facts.size} bytes; ${limit}`);
    }
    const value = parseHash(readUpTo(file, facts.size), asWritten);
    return value === undefined ? unusable('is not a JSON object') : { kind: 'hash', value };
  } finally {
    closeSync(file);
  }
}

/** A JSON object, or undefined, also for one that nests too deep to be written again. */
export function parseHash(
  text: string,
  reviver?: (key: string, value: unknown, read?: Source) => unknown,
): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text, reviver);
    JSON.stringify(value);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // It is not JSON, or it nests too deep. The caller reports that in its own words.
  }
}

/** The text that the job reported. If it is not a text, it is written as JSON. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

declare global {
  interface JSON {
    /** A value that `JSON.stringify` writes as this text. TypeScript does not know it yet. */
    rawJSON(text: string): unknown;
  }
}

type Source = { readonly source?: string };

/**
 * A number that JavaScript would write differently keeps the job's text. The platform then sees what the job wrote, and
 * refuses a number that it cannot keep.
 */
function asWritten(_: string, value: unknown, read?: Source): unknown {
  const source = read?.source;
  return typeof value === 'number' && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value;
}

function unusable(problem: string): ReportFile {
  return { kind: 'unusable', problem };
}

function readUpTo(file: number, size: number): string {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const count = readSync(file, bytes, length, size - length, length);
    if (count === 0) break;
    length += count;
  }
  return bytes.toString('utf8', 0, length);
}

/** Larger reports are refused: results of that size belong into a file. */
const reportBytesLimit = 4 * 1024 * 1024;
