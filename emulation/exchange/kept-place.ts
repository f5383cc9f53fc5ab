// Notes in the data folder where its rows and the bytes of its files are, so that no start looks for them elsewhere.

import { existsSync } from 'node:fs';
import type { DataFile, DataFolder } from '../../machine/data-folder.ts';
import { brokenFile, readKept, writeKept } from '../../machine/kept-file.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { type Exchanges, exchangeVariables } from './exchange.ts';

type Keeping = keyof typeof keptThings;

/** @throws StartRefusal when the rows or files of the folder are at another place, or when the note of it is broken. */
export function checkPlaces(folder: DataFolder, exchanges: Exchanges): void {
  const kept = readPlaces(folder);
  for (const name of names) {
    const { what, ownFile } = keptThings[name];
    // The folder may have no note yet. Files that a failed start left do not count as data.
    const isUsed = folder.firstUser() !== undefined && existsSync(folder.file(ownFile));
    const before = kept[name] ?? (isUsed ? ownPlace : undefined);
    const now = placeOf(exchanges, name);
    if (before === undefined || before === now) continue;
    const { variable } = exchangeVariables[name];
    const [where, advice] =
      before === ownPlace ? ['in itself', `unset ${variable}`] : [`at ${before}`, `set ${variable} to that`];
    throw new StartRefusal(
      `The data folder ${folder.path} has its ${what} ${where}, not ${now === ownPlace ? 'here' : `at ${now}`}: ${advice}, or choose another folder with --data.`,
    );
  }
}

/** Call this only when the places have answered, so that a folder is not bound to a mistyped address. */
export function notePlaces(folder: DataFolder, exchanges: Exchanges): void {
  const places = Object.fromEntries(names.map((name) => [name, placeOf(exchanges, name)]));
  writeKept(folder.file('places'), JSON.stringify(places));
}

function placeOf(exchanges: Exchanges, name: Keeping): string {
  return exchanges[name]?.endpoint ?? ownPlace;
}

function readPlaces(folder: DataFolder): Partial<Record<Keeping, string>> {
  const file = folder.file('places');
  const text = readKept(file);
  if (text === undefined) return {};
  let places: unknown;
  try {
    places = JSON.parse(text);
  } catch (cause) {
    throw brokenFile(file, `is not JSON (${(cause as Error).message})`, cause);
  }
  if (!isTexts(places)) throw brokenFile(file, 'does not say where rows and files are');
  return places;
}

function isTexts(value: unknown): value is Record<string, string> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((text) => typeof text === 'string');
}

/** The data that would seem lost at another place, with the file of the folder in which our own service keeps it. */
const keptThings = {
  dynamoDb: { what: 'rows', ownFile: 'dynamo' },
  s3: { what: 'files', ownFile: 'objects' },
} as const satisfies Partial<Record<keyof Exchanges, { what: string; ownFile: DataFile }>>;

const ownPlace = 'here';
const names = Object.keys(keptThings) as Keeping[];
