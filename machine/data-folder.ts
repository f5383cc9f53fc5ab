// The folder that holds all state of one platform: who may open it, its version, its lock.

import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type FileLock, isLocked, tryLock } from './file-lock.ts';
import { readKept, writeKept } from './kept-file.ts';
import { StartRefusal } from './start-refusal.ts';

export type DataFolder = {
  readonly path: string;
  /** The name of the first user. Undefined until a user was added. */
  firstUser(): string | undefined;
  noteFirstUser(name: string): void;
  readonly file: (name: DataFile) => string;
  /** From now on the folder stays. Until then, its end or that of this process removes it, if it did not exist before. */
  keep(): void;
  /** Releases the folder for another platform. */
  close(): void;
};

export type DataFile = keyof typeof fileNames;

/** `--data`, else `$XDG_DATA_HOME/espalier`, else `~/.local/share/espalier`. */
export function dataFolderPath(given: string | undefined, environment: Readonly<NodeJS.ProcessEnv>): string {
  if (given) return resolve(given);
  return join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'espalier');
}

export function pathIn(folder: string, file: DataFile): string {
  return join(folder, fileNames[file]);
}

/** `deployed`: the emulation of the deployed template. A folder belongs to one of them, and neither reads the other's. */
export type Runtime = 'embedded' | 'deployed';

/**
 * Opens the folder for one platform. Makes it if it does not exist. Only its owner may look into it.
 * @throws StartRefusal when another platform runs on it, it was made by a newer version, it belongs to another user, or
 * a file of it is broken.
 */
export function openDataFolder(path: string, runtime?: Runtime): DataFolder {
  const unmake = makeFolder(path);
  let lock: FileLock | undefined;
  const close = () => {
    lock?.close();
    unmake.run();
  };
  try {
    lock = takeLock(path);
    checkVersion(path);
    noteOnce(path, 'version', String(formatVersion));
    if (runtime !== undefined) {
      checkRuntime(path, runtime);
      noteOnce(path, 'runtime', runtime);
    }
    let firstUser = readKept(pathIn(path, 'firstUser'));
    return {
      path,
      file: (name) => pathIn(path, name),
      firstUser: () => firstUser,
      noteFirstUser(name) {
        writeKept(pathIn(path, 'firstUser'), name);
        firstUser = name;
      },
      keep: unmake.cancel,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function noteOnce(path: string, name: DataFile, text: string): void {
  if (readKept(pathIn(path, name)) === undefined) writeKept(pathIn(path, name), text);
}

/**
 * Says whether `openDataFolder` would open the folder. Makes and changes nothing, and does not look at the lock.
 * @throws StartRefusal as `openDataFolder` would
 */
export function checkDataFolder(path: string, runtime: Runtime): void {
  try {
    let place = path;
    while (!existsSync(place)) place = dirname(place);
    if (!statSync(place).isDirectory()) throw new Error(`${place} is a file`);
    accessSync(place, constants.W_OK | constants.X_OK);
    if (place === path) checkOwner(path);
  } catch (cause) {
    throw unusable(path, cause);
  }
  checkVersion(path);
  checkRuntime(path, runtime);
}

/** Undoes what makeFolder made: `run` at once, or at the end of the process unless it is cancelled. */
export type Unmake = { run(): void; cancel(): void };

/** Makes the folder if it does not exist. @throws StartRefusal when it cannot be made or belongs to another user. */
export function makeFolder(path: string): Unmake {
  let made: string | undefined;
  const remove = () => made !== undefined && rmSync(made, { recursive: true, force: true });
  try {
    made = makeFolders(path);
    checkOwner(path);
    chmodSync(path, 0o700);
  } catch (cause) {
    remove();
    throw unusable(path, cause);
  }
  process.once('exit', remove);
  const cancel = () => {
    process.removeListener('exit', remove);
    made = undefined;
  };
  const run = () => {
    remove();
    cancel();
  };
  return { run, cancel };
}

function checkOwner(path: string): void {
  const { uid } = statSync(path);
  if (process.getuid && uid !== process.getuid()) {
    throw new StartRefusal(`The data folder ${path} belongs to another user: choose one of your own with --data.`);
  }
}

function unusable(path: string, cause: unknown): StartRefusal {
  if (cause instanceof StartRefusal) return cause;
  return new StartRefusal(`The data folder ${path} cannot be used: ${(cause as Error).message}.`, { cause });
}

/**
 * Makes the folders one by one from the first missing one, which it returns: Node's recursive call does not return where
 * none can be made (/proc).
 */
function makeFolders(path: string): string | undefined {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
  for (const folder of missing) mkdirSync(folder, { mode: 0o700 });
  if (!statSync(path).isDirectory()) throw new Error('it is a file');
  return missing[0];
}

/** True while a platform holds the folder, whether it is starting, running or ending. */
export function isHeld(path: string): boolean {
  return isLocked(pathIn(path, 'lock'));
}

function takeLock(path: string): FileLock {
  const file = pathIn(path, 'lock');
  let lock: FileLock | undefined;
  try {
    lock = tryLock(file, lockWaitMs);
  } catch (cause) {
    const text = `The file ${file} cannot be locked (${(cause as Error).message}): choose another folder with --data.`;
    throw new StartRefusal(text, { cause });
  }
  if (lock) return lock;
  throw new StartRefusal(`Another platform runs on the data folder ${path}: end it, or choose another with --data.`);
}

function checkVersion(path: string): void {
  const file = pathIn(path, 'version');
  const text = readKept(file);
  const version = Number(text);
  if (text === undefined || version === formatVersion) return;
  if (!Number.isInteger(version) || version < 1) {
    throw new StartRefusal(`The data folder ${path} has the unknown version "${text}": choose another with --data.`);
  }
  const advice =
    version > formatVersion ? 'use the newer program' : 'choose another with --data, or use the program that made it';
  throw new StartRefusal(
    `The data folder ${path} has version ${text}, and this program reads version ${formatVersion}: ${advice}.`,
  );
}

function checkRuntime(path: string, runtime: Runtime): void {
  const file = pathIn(path, 'runtime');
  const isOld = existsSync(pathIn(path, 'dynamo'));
  const owner = readKept(file) ?? (isOld ? 'deployed' : undefined);
  if (owner === undefined || owner === runtime) return;
  const how = owner === 'deployed' ? 'start it with --as-deployed' : 'start it without --as-deployed';
  throw new StartRefusal(
    `The data folder ${path} belongs to the other runtime: ${how}, or choose another with --data.`,
  );
}

/** Everything in the folder. */
const fileNames = {
  version: 'version',
  /** The runtime that the folder belongs to. */
  runtime: 'runtime',
  lock: 'lock.sqlite',
  /** Rows, messages and logs of the embedded runtime, and its bytes of files. */
  rows: 'rows.sqlite',
  content: 'content',
  /** Rows of the tables of the emulated deployment. */
  dynamo: 'dynamo.sqlite',
  /** State of the other services. */
  cloud: 'cloud.sqlite',
  /** The positions up to which the tables' streams have been processed. */
  positions: 'positions.sqlite',
  objects: 'objects',
  jobs: 'jobs',
  overlays: 'overlays',
  ports: 'ports.json',
  /** The places of rows and files, when services are exchanged. */
  places: 'places.json',
  /** The socket by which `espalier env` and `espalier user` reach the running platform. */
  socket: 'control.sock',
  firstUser: 'first-user',
  /** The messages of a platform in the background. */
  log: 'platform.log',
} as const;

/** A process that waits for a platform looks at the lock, and holds it for a moment itself. */
const lockWaitMs = 500;
/** Raised when the content of the folder changes its meaning. */
const formatVersion = 2;
