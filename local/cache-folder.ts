// The user's cache: things that can be made again, each under a key, made once and shared by all data folders.
// It knows nothing of what is made.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { StartRefusal } from './start-refusal.ts';

const LOCK_LIMIT_MS = 300_000;
const LOCK_POLL_MS = 100;
/** Older versions of one thing that are kept in any case. */
const MAX_KEPT = 6;
/** What was held so lately is kept too: a platform that runs starts its workers from it. */
const KEPT_MS = 24 * 3_600_000;
const HOLD_MS = 3_600_000;

/** `ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`. */
export function cacheFolderPath(environment: Readonly<NodeJS.ProcessEnv>): string {
  if (environment.ESPALIER_CACHE) return resolve(environment.ESPALIER_CACHE);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier');
}

/**
 * The folder `<cache>/<kind>-<key>`, made by `make` when it is not there: whole or not at all, and by one process at a time.
 * @param make fills the empty folder that it is given. What it throws goes through.
 */
export async function cachedFolder(
  cache: string,
  kind: string,
  key: string,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cache, `${kind}-${key}`);
  if (exists(target)) return held(target);
  makeFolder(cache);
  const unlock = await takeLock(join(cache, `${kind}.lock`), kind);
  try {
    if (exists(target)) return held(target);
    // One process holds the lock: what is here was left by one that was ended. Its child may still write to its own.
    for (const name of readdirSync(cache)) {
      if (name.startsWith(`${kind}.draft`)) rmSync(join(cache, name), { recursive: true, force: true });
    }
    const draft = join(cache, `${kind}.draft.${process.pid}`);
    mkdirSync(draft);
    await make(draft);
    renameSync(draft, target);
    removeOld(cache, kind);
    return held(target);
  } finally {
    unlock();
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const text = `The cache folder ${path} cannot be made (${(cause as Error).message}): name another by ESPALIER_CACHE.`;
    throw new StartRefusal(text, { cause });
  }
}

/** Waits for another process that makes the same thing. */
async function takeLock(file: string, kind: string): Promise<() => void> {
  for (const deadline = Date.now() + LOCK_LIMIT_MS; Date.now() < deadline; await delay(LOCK_POLL_MS)) {
    const lock = new DatabaseSync(file, { timeout: 0 });
    try {
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
      return () => lock.close();
    } catch {
      lock.close();
    }
  }
  throw new StartRefusal(`Another process has been making "${kind}" for ${LOCK_LIMIT_MS / 60_000} minutes.`);
}

function removeOld(cache: string, kind: string): void {
  const folders = readdirSync(cache)
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => ({ path: join(cache, name), usedAt: statSync(join(cache, name)).mtimeMs }))
    .sort((left, right) => right.usedAt - left.usedAt);
  const old = folders.slice(MAX_KEPT).filter(({ usedAt }) => usedAt < Date.now() - KEPT_MS);
  for (const { path } of old) rmSync(path, { recursive: true, force: true });
}

/** Says now, and each hour for as long as this process runs, that the folder is in use. */
function held(path: string): string {
  touch(path);
  setInterval(() => exists(path) && touch(path), HOLD_MS).unref();
  return path;
}

function touch(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
