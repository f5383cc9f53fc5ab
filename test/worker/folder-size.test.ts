// The limit on a job's folder: what counts, what it reports, and that looks do not overlap.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { folderExcess } from '../../worker/folder-size.ts';
import { createStopper, watchFolder } from '../../worker/stop.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-size-'));
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(join(folder, 'a/b/file'), 'x'.repeat(100_000));
  symlinkSync('/', join(folder, 'a/link'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  [{ bytes: 1e6, entries: 4 }, undefined],
  [{ bytes: 1e6, entries: 3 }, 'more than 3 files and folders'],
  [{ bytes: 50_000, entries: 4 }, 'more than 50000 bytes'],
])('finds against %j: %s', async (limits, excess) => {
  expect(await folderExcess(folder, limits)).toBe(excess);
});

it('finds a folder that does not exist empty', async () => {
  expect(await folderExcess(join(folder, 'gone'), { bytes: 0, entries: 0 })).toBeUndefined();
});

it('ends the job, says what exceeds the limit, and makes one look after another', async () => {
  const stopper = createStopper();
  let looks = 0;
  let underWay = 0;
  let most = 0;
  const look = async (): Promise<string | undefined> => {
    looks += 1;
    underWay += 1;
    most = Math.max(most, underWay);
    // This is longer than the period.
    await new Promise((resolve) => setTimeout(resolve, 20));
    underWay -= 1;
    return looks < 5 ? undefined : 'more than 7 files and folders';
  };
  const timer = watchFolder(folder, 50_000, stopper, 2, look);
  const { failure } = await new Promise<{ failure?: object }>((resolve) => stopper.onStop(resolve));
  clearInterval(timer);
  expect(most).toBe(1);
  expect(failure).toEqual({
    type: 'AppInsufficientResourceError',
    message: "The job's folder holds more than 7 files and folders; the job was ended",
  });
});
