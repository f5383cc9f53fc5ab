// Keeps in the data folder where its rows and the bytes of its files are, so that no start looks for them elsewhere.
// It knows no service.
import { existsSync } from 'node:fs';
import type { DataFile, DataFolder } from '../../machine/data-folder.ts';
import { brokenFile, readKept, writeKept } from '../../machine/kept-file.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { type Exchanges, HONOURED } from './exchange.ts';

/** What is lost from sight when it is looked for elsewhere, and the file of the folder that our own service keeps it in. */
const KEEPING = {
  dynamoDb: { what: 'rows', ownFile: 'dynamo' },
  s3: { what: 'files', ownFile: 'objects' },
} as const satisfies Partial<Record<keyof Exchanges, { what: string; ownFile: DataFile }>>;
type Keeping = keyof typeof KEEPING;

const HERE = 'here';
const names = Object.keys(KEEPING) as Keeping[];

/** @throws StartRefusal when the folder was begun with its rows or files at another place, or its note of that is broken. */
export function checkPlaces(folder: DataFolder, exchanges: Exchanges): void {
  const kept = readPlaces(folder);
  for (const name of names) {
    const { what, ownFile } = KEEPING[name];
    // A folder that no start has noted anything in: what a start leaves that failed is nothing to keep.
    const isUsed = folder.firstUser() !== undefined && existsSync(folder.file(ownFile));
    const before = kept[name] ?? (isUsed ? HERE : undefined);
    const now = placeOf(exchanges, name);
    if (before === undefined || before === now) continue;
    const { variable } = HONOURED[name];
    const [where, advice] =
      before === HERE ? ['in itself', `unset ${variable}`] : [`at ${before}`, `set ${variable} to that`];
    throw new StartRefusal(
      `The data folder ${folder.path} has its ${what} ${where}, not ${now === HERE ? 'here' : `at ${now}`}: ${advice}, or choose another folder with --data.`,
    );
  }
}

/** To be called when the places have shown that they serve: a folder is not bound to a mistyped address. */
export function notePlaces(folder: DataFolder, exchanges: Exchanges): void {
  const places = Object.fromEntries(names.map((name) => [name, placeOf(exchanges, name)]));
  writeKept(folder.file('places'), JSON.stringify(places));
}

function placeOf(exchanges: Exchanges, name: Keeping): string {
  return exchanges[name]?.endpoint ?? HERE;
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
