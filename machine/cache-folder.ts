// The user's cache: things that can be made again, each under a key, made once and shared by all data folders.
// It knows nothing of what is made.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tryLock } from './file-lock.ts';
import { StartRefusal } from './start-refusal.ts';

const LOCK_LIMIT_MS = 300_000;
const LOCK_POLL_MS = 100;
/** Older versions of one thing that are kept in any case. */
const MAX_KEPT = 6;
/** What was held so lately is kept too: a platform that runs starts its workers from it. */
const KEPT_MS = 24 * 3_600_000;
const HOLD_MS = 3_600_000;

export type Thing = {
  /** In an English sentence, after "making". */
  readonly what: string;
  /** Its name in the cache: `<kind>-<key>`. */
  readonly kind: string;
  readonly key: string;
  /** Told, in a line, what takes its time: it is made, or another process makes it. */
  say(line: string): void;
};

/** `ESPALIER_CACHE`, else `$XDG_CACHE_HOME/espalier`, else `~/.cache/espalier`. */
export function cacheFolderPath(environment: Readonly<NodeJS.ProcessEnv>): string {
  if (environment.ESPALIER_CACHE) return resolve(environment.ESPALIER_CACHE);
  return join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'espalier');
}

/**
 * The folder `<cache>/<kind>-<key>`, made by `make` when it is not there: whole or not at all, and by one process at a time.
 * @param make fills the empty folder that it is given. What it throws goes through.
 * @throws StartRefusal when the cache cannot be used, as one that another user made.
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

/** Whose the folder is, is the usual trouble: a first start by root leaves one that nobody else can write to. */
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

/** One process holds the lock: what is here was left by one that was ended. Its child may still write to its own. */
function removeDrafts(cache: string, kind: string): void {
  for (const name of readdirSync(cache)) if (name.startsWith(`${kind}.draft`)) removeIfOurs(join(cache, name));
}

/** Waits for another process that makes the same thing. */
async function takeLock(cache: string, kind: string, onWait: () => void): Promise<() => void> {
  let waits = false;
  for (const deadline = Date.now() + LOCK_LIMIT_MS; Date.now() < deadline; await delay(LOCK_POLL_MS)) {
    const lock = inCache(cache, () => tryLock(join(cache, `${kind}.lock`)));
    if (lock) return () => lock.close();
    if (!waits) onWait();
    waits = true;
  }
  throw new StartRefusal(`Another process has been making "${kind}" for ${LOCK_LIMIT_MS / 60_000} minutes.`);
}

function removeOld(cache: string, kind: string): void {
  const folders = readdirSync(cache)
    .filter((name) => name.startsWith(`${kind}-`))
    .map((name) => ({ path: join(cache, name), usedAt: statSync(join(cache, name)).mtimeMs }))
    .sort((left, right) => right.usedAt - left.usedAt);
  const old = folders.slice(MAX_KEPT).filter(({ usedAt }) => usedAt < Date.now() - KEPT_MS);
  for (const { path } of old) removeIfOurs(path);
}

/** What another user made takes space, and is in nobody's way. */
function removeIfOurs(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Says now, and each hour for as long as this process runs, that the folder is in use. */
function held(path: string): string {
  touch(path);
  setInterval(() => touch(path), HOLD_MS).unref();
  return path;
}

function touch(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    // It is gone, or was made by another user: it serves as it is, and no platform ends for a date.
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
