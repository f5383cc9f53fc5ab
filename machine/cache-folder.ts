// The user's cache: things that can be made again, each under a key. Each is made once, and all data folders share it.

import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './file-lock.ts';
import { StartRefusal } from './start-refusal.ts';

export type Thing = {
  /** Its description, in an English sentence after "making". */
  readonly what: string;
  /** The first part of its name in the cache: `<kind>-<key>`. */
  readonly kind: string;
  readonly key: string;
  /** Gets a line when something takes time: making it, or waiting for another process that makes it. */
  say(line: string): void;
};

/** `ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`. */
export function cacheFolderPath(environment: Readonly<NodeJS.ProcessEnv>): string {
  if (environment.ESPALIER_CACHE) return resolve(environment.ESPALIER_CACHE);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier');
}

/**
 * The folder `<cache>/<kind>-<key>`. If it does not exist, `make` makes it: completely or not at all, and in one
 * process at a time.
 * @param make fills the empty folder that it is given. Its exceptions are passed on.
 * @throws StartRefusal when the cache cannot be used, for example because another user made it.
 */
export async function cachedFolder(
  cache: string,
  { what, kind, key, say }: Thing,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const target = join(cache, `${kind}-${key}`);
  const within = <Result>(work: () => Result) => inCache(cache, work);
  if (within(() => exists(target))) return held(target);
  within(() => mkdirSync(cache, { recursive: true, mode: 0o700 }));
  const unlock = await takeLock(cache, kind, () => say(`Another process is making ${what}: waiting for it.`));
  try {
    if (within(() => exists(target))) return held(target);
    const draft = join(cache, `${kind}.draft.${process.pid}`);
    within(() => {
      removeDrafts(cache, kind);
      mkdirSync(draft);
    });
    say(`Making ${what}, once, in ${target}.`);
    await make(draft);
    within(() => {
      renameSync(draft, target);
      removeOld(cache, kind);
    });
    return held(target);
  } finally {
    unlock();
  }
}

/** The owner is the usual trouble: a first start by root leaves a folder that other users cannot write to. */
function inCache<Result>(cache: string, work: () => Result): Result {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StartRefusal) throw cause;
    const advice = 'make it yours (chown), or name another by ESPALIER_CACHE';
    throw new StartRefusal(`The cache folder ${cache} cannot be used (${(cause as Error).message}): ${advice}.`, {
      cause,
    });
  }
}

/**
 * This process holds the lock, so every draft here was left by a process that has ended. A child of that process may
 * still write to its own.
 */
function removeDrafts(cache: string, kind: string): void {
  for (const name of readdirSync(cache)) if (name.startsWith(`${kind}.draft`)) removeIfOurs(join(cache, name));
}

/** Waits for another process that makes the same thing. */
async function takeLock(cache: string, kind: string, onWait: () => void): Promise<() => void> {
  let waits = false;
  for (const deadline = Date.now() + lockLimitMs; Date.now() < deadline; await delay(lockPollMs)) {
    const lock = inCache(cache, () => tryLock(join(cache, `${kind}.lock`)));
    if (lock) return () => lock.close();
    if (!waits) onWait();
    waits = true;
  }
  throw new StartRefusal(`Another process has been making "${kind}" for ${lockLimitMs / 60_000} minutes.`);
}

function removeOld(cache: string, kind: string): void {
  const folders = readdirSync(cache)
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => ({ path: join(cache, name), usedAt: statSync(join(cache, name)).mtimeMs }))
    .sort((left, right) => right.usedAt - left.usedAt);
  const old = folders.slice(maximumKeptCount).filter(({ usedAt }) => usedAt < Date.now() - keptMs);
  for (const { path } of old) removeIfOurs(path);
}

/** A folder that another user made takes space, but does no harm. */
function removeIfOurs(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Marks the folder as in use, now and each hour for as long as this process runs. */
function held(path: string): string {
  touch(path);
  setInterval(() => touch(path), holdMs).unref();
  return path;
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // It is gone, or another user made it. It works as it is: a date is not a reason to end a platform.
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

const lockLimitMs = 300_000;
const lockPollMs = 100;
/** Older versions of one thing that are kept in any case. */
const maximumKeptCount = 6;
/** Things that were in use during this time are kept too: a running platform starts its workers from them. */
const keptMs = 24 * 3_600_000;
const holdMs = 3_600_000;
