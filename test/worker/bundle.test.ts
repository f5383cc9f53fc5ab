// Archives that would like to write elsewhere, unpacked below a job's root.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackBundles } from '../../worker/bundle.ts';
import type { JobFolder } from '../../worker/folder.ts';
import type { Claim, Platform } from '../../worker/platform.ts';

let place: string;
let root: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'espalier-bundle-'));
  root = join(place, 'root');
  for (const folder of [join(root, 'tmp'), join(place, 'outside'), join(place, 'made/m'), join(place, 'links')]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(join(place, 'made/m/evil'), 'x');
  symlinkSync(join(place, 'outside'), join(place, 'links/m'));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

function givenArchive(name: string, ...args: string[]): string {
  execFileSync('tar', ['-czf', join(place, name), ...args], { stdio: 'ignore' });
  return name;
}

function unpack(...archives: string[]): Promise<string[]> {
  const openFile = async (_: string, name: string) => Readable.toWeb(Readable.from([readFileSync(join(place, name))]));
  const bundledDepends = archives.map((name) => ({ name, id: name }));
  const claim = { runSpec: { bundledDepends }, function: 'main' } as unknown as Claim;
  const running = { environment: { PATH: process.env.PATH }, over: new AbortController().signal };
  return unpackBundles({ openFile } as unknown as Platform, claim, { root } as JobFolder, running);
}

it('unpacks one archive over another, and a name from the root of the machine below the job’s', async () => {
  const plain = givenArchive('plain.tar.gz', '-C', join(place, 'made'), '.');
  const absolute = givenArchive('absolute.tar.gz', '-P', join(place, 'made/m/evil'));
  expect(await unpack(plain, plain, absolute)).toHaveLength(3);
  expect(existsSync(join(root, 'm/evil'))).toBe(true);
  expect(existsSync(join(root, place, 'made/m/evil'))).toBe(true);
});

it('refuses a name with "..", and a link of an earlier archive as a way out, and writes nothing there', async () => {
  const upwards = givenArchive(
    'up.tar.gz',
    '-P',
    '-C',
    join(place, 'made/m'),
    '../../made/m/evil',
    '--transform=s,^,../,',
  );
  const link = givenArchive('link.tar.gz', '-C', join(place, 'links'), 'm');
  const through = givenArchive('through.tar.gz', '-C', join(place, 'made'), 'm/evil');
  await expect(unpack(upwards)).rejects.toThrow(/up\.tar\.gz.*is not usable.*'\.\.'/s);
  await expect(unpack(link, through)).rejects.toThrow(/through\.tar\.gz.*would leave the job's folder by a link/);
  expect(existsSync(join(place, 'outside/evil'))).toBe(false);
});
