// The cache when it belongs to another user, when others make the same thing, and when its content grows old.

import { chmodSync, chownSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { cachedFolder } from '../../machine/cache-folder.ts';
import { StartRefusal } from '../../machine/start-refusal.ts';
import { givenTemporaryFolder } from './temporary-folder.ts';

const folder = givenTemporaryFolder();
const isRoot = process.getuid?.() === 0;
const nobodyId = 65_534;
/** Folders of others are closed to every user but root, so root looks as nobody. */
const asNobody = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  if (!isRoot) return work();
  process.seteuid?.(nobodyId);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
};
const thing = (said: string[] = []) => ({
  what: 'a thing',
  kind: 'thing',
  key: 'a',
  say: (line: string) => said.push(line),
});
const fill = async (draft: string) => writeFileSync(join(draft, 'made'), 'yes');

afterEach(() => void vi.useRealTimers());

describe('a thing in the cache', () => {
  it('is made once, completely or not at all', async () => {
    const cache = join(folder, 'once');
    const fault = new Error('on the way');
    await expect(cachedFolder(cache, thing(), () => Promise.reject(fault))).rejects.toBe(fault);
    expect(readdirSync(cache)).not.toContain('thing-a');
    const said: string[] = [];
    const made = await cachedFolder(cache, thing(said), fill);
    expect(await cachedFolder(cache, thing(said), () => Promise.reject(fault))).toBe(made);
    expect(said).toEqual([`Making a thing, once, in ${made}.`]);
    expect(readdirSync(cache).sort()).toEqual(['thing-a', 'thing.lock']);
  });

  it('is waited for while another process makes it', async () => {
    const cache = join(folder, 'waited');
    mkdirSync(cache);
    const other = new DatabaseSync(join(cache, 'thing.lock'));
    other.exec('BEGIN EXCLUSIVE');
    const said: string[] = [];
    const waiting = cachedFolder(cache, thing(said), () => Promise.reject(new Error('made twice')));
    mkdirSync(join(cache, 'thing-a'));
    other.exec('COMMIT');
    other.close();
    expect(await waiting).toBe(join(cache, 'thing-a'));
    expect(said).toEqual(['Another process is making a thing: waiting for it.']);
  });
});

describe.skipIf(process.platform === 'win32')('a cache of another user', () => {
  const givenCache = (name: string, mode: number) => {
    const cache = join(folder, name);
    chmodSync(folder, 0o755);
    mkdirSync(cache);
    chmodSync(cache, mode);
    return cache;
  };
  const refused = async (cache: string) => {
    const making = asNobody(() => cachedFolder(cache, thing(), fill));
    await expect(making).rejects.toBeInstanceOf(StartRefusal);
    await expect(making).rejects.toThrow(`The cache folder ${cache} cannot be used (`);
    await expect(making).rejects.toThrow(': make it yours (chown), or name another by ESPALIER_CACHE.');
  };

  it('that cannot be written to is refused at once with its path', () => refused(givenCache('closed', 0o555)));
  it('that cannot be looked into is refused at once with its path', () => refused(givenCache('hidden', 0o000)));

  it.runIf(isRoot)('with a lock that cannot be written to is refused, not waited for', async () => {
    const cache = givenCache('locked', 0o777);
    writeFileSync(join(cache, 'thing.lock'), '', { mode: 0o444 });
    await refused(cache);
  });

  it.runIf(isRoot)('can be used with its content, whatever its date', async () => {
    const cache = givenCache('shared', 0o755);
    const target = join(cache, 'thing-a');
    mkdirSync(target);
    vi.useFakeTimers({ toFake: ['setInterval'] });
    await asNobody(async () => {
      expect(await cachedFolder(cache, thing(), fill)).toBe(target);
      vi.advanceTimersByTime(2 * 3_600_000);
    });
  });

  it('is held by a date that moves where that is allowed', async () => {
    const cache = givenCache('own', 0o755);
    const target = join(cache, 'thing-a');
    mkdirSync(target);
    if (isRoot) chownSync(target, nobodyId, nobodyId);
    utimesSync(target, 1, 1);
    await asNobody(() => cachedFolder(cache, thing(), fill));
    expect(statSync(target).mtimeMs).toBeGreaterThan(1_000_000);
  });
});
