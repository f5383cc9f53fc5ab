// Small files of the data folder that a start cannot do without: whole or as they were before, whenever a write is cut off.
// It knows nothing of what they hold.
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StartRefusal } from './start-refusal.ts';

/** The text without the space around it; undefined when there is no such file. @throws StartRefusal when it is empty. */
export function readKept(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8').trim();
  // Nothing that is kept is empty: a disk was full, or the machine lost its power.
  if (text === '') throw brokenFile(file, 'is empty');
  return text;
}

/** Writes it beside and renames, and only what differs. For one process at a time. @throws StartRefusal when that fails. */
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

/** @param what is wrong with it, as the end of a sentence that begins with the file */
export function brokenFile(file: string, what: string, cause?: unknown): StartRefusal {
  const advice = 'put it back from a copy of the data folder, or choose another folder with --data';
  return new StartRefusal(`The file ${file} ${what}: ${advice}.`, { cause });
}

/** The new name is as durable as the text. */
function flushFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
