// Waiting for a platform that is starting, with the lock and the socket of a start.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isHeld, openDataFolder, pathIn } from '../../machine/data-folder.ts';
import { openControlSocket, PlatformAbsent } from '../../machine/operator/control-socket.ts';
import { askWhenStarted, type Patience } from '../../machine/operator/starting-platform.ts';
import { eventually, givenTemporaryFolder } from './temporary-folder.ts';

const folder = givenTemporaryFolder();
const longPatience: Patience = { graceMs: 10_000, limitMs: 10_000 };

function asking(path: string, patience: Patience) {
  const said: string[] = [];
  const answer = askWhenStarted(path, {}, (line) => said.push(line), patience);
  answer.catch(() => undefined);
  return { said, answer };
}

describe('a request to a platform that is starting', () => {
  it('waits from before the folder exists until the platform answers, and says so once', async () => {
    const path = join(folder, 'pasted');
    const { said, answer } = asking(path, longPatience);
    const data = openDataFolder(path);
    await eventually('a word of it', () => said.length > 0);
    const socket = await openControlSocket(pathIn(path, 'socket'), async () => ({ ready: true }));
    expect(await answer).toEqual({ ready: true });
    expect(said).toEqual([`A platform is starting on the data folder ${path}: waiting until it is ready.`]);
    await socket.close();
    data.close();
  });

  it('is refused as soon as the start has failed', async () => {
    const path = join(folder, 'failed');
    const data = openDataFolder(path);
    const { said, answer } = asking(path, longPatience);
    await eventually('a word of it', () => said.length > 0);
    data.close();
    await expect(answer).rejects.toBeInstanceOf(PlatformAbsent);
  });

  it('is given up after a time limit', async () => {
    const path = join(folder, 'endless');
    const data = openDataFolder(path);
    await expect(asking(path, { graceMs: 0, limitMs: 300 }).answer).rejects.toThrow(/is not ready after 0.005 minutes/);
    data.close();
  });

  it.each(['nowhere', 'ended'])('is refused without a notice where no platform starts (%s)', async (name) => {
    const path = join(folder, name);
    mkdirSync(path);
    if (name === 'ended') openDataFolder(path).close();
    const { said, answer } = asking(path, { graceMs: 0, limitMs: 10_000 });
    await expect(answer).rejects.toThrow(`No platform runs on the data folder ${path}`);
    expect(said).toEqual([]);
  });

  it('shows whether a folder is held or released', async () => {
    const path = join(folder, 'looked-at');
    openDataFolder(path).close();
    expect(isHeld(path)).toBe(false);
    const data = openDataFolder(path);
    expect(isHeld(path)).toBe(true);
    data.close();
    expect(isHeld(path)).toBe(false);
  });
});
