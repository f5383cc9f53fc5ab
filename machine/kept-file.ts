// Reads and writes small files of the data folder that a start needs. If a write is cut off, the file is as it was
// before.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartRefusal } from './start-refusal.ts';

/**
 * The text without the space around it, or undefined when there is no such file. @throws StartRefusal when it is empty.
 */
export function readKept(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  // We never keep an empty file, so a disk was full, or the machine lost its power.
  if (text === '') throw brokenFile(file, 'is empty');
  return text;
}

/**
 * Writes the text to a new file and renames it, and only if it differs. For one process at a time. @throws StartRefusal
 * when that fails.
 */
export function writeKept(file: string, text: string): void {
  const line = `${text}\n`;
  try {
    if (existsSync(file) && readFileSync(file, 'utf8') === line) return;
    const draft = `${file}.draft`;
    writeFileSync(draft, line, { mode: 0o600, flush: true });
    renameSync(draft, file);
    flushFolder(dirname(file));
  } catch (cause) {
    throw new StartRefusal(`The file ${file} cannot be written: ${(cause as Error).message}.`, { cause });
  }
}

/** @param what is wrong with the file, as the end of a sentence that begins with its name */
export function brokenFile(file: string, what: string, cause?: unknown): StartRefusal {
  const advice = 'put it back from a copy of the data folder, or choose another folder with --data';
  return new StartRefusal(`The file ${file} ${what}: ${advice}.`, { cause });
}

/** Makes the new name as durable as the text. */
function flushFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
