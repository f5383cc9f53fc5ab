// Archives that try to write outside a job's root, unpacked below it.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackBundles } from '../../worker/bundle.ts';
import { type JobFolder, jobPrograms, layOutFolder, writePrograms } from '../../worker/folder.ts';
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
  execFileSync('tar', ['-czf', join(place, name), '--no-unquote', ...args], { stdio: 'ignore' });
  return name;
}

function unpack(...archives: string[]): Promise<string[]> {
  const openFile = async (_: string, name: string) => Readable.toWeb(Readable.from([readFileSync(join(place, name))]));
  const bundledDepends = archives.map((name) => ({ name, id: name }));
  const claim = { runSpec: { bundledDepends }, function: 'main' } as unknown as Claim;
  const running = { environment: { PATH: process.env.PATH }, over: new AbortController().signal };
  return unpackBundles({ openFile } as unknown as Platform, claim, { root } as JobFolder, running);
}

it('unpacks one archive over another, and an absolute name below the job’s root', async () => {
  const plain = givenArchive('plain.tar.gz', '-C', join(place, 'made'), '.');
  const absolute = givenArchive('absolute.tar.gz', '-P', join(place, 'made/m/evil'));
  expect(await unpack(plain, plain, absolute)).toHaveLength(3);
  expect(existsSync(join(root, 'm/evil'))).toBe(true);
  expect(existsSync(join(root, place, 'made/m/evil'))).toBe(true);
});

it('refuses a name with ".." and a way out through a link of an earlier archive, and writes nothing there', async () => {
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

it.each([
  ['a line break', 'l\nx'],
  ['a letter that is not ASCII', 'é'],
  ['a backslash', 'a\\nb'],
  ['a tab', 'a\tb'],
])('refuses a way out through a link of an earlier archive, with %s in its name', async (_, name) => {
  symlinkSync(join(place, 'outside'), join(place, 'links', name));
  mkdirSync(join(place, 'made', name));
  writeFileSync(join(place, 'made', name, 'evil'), 'x');
  const link = givenArchive('link.tar.gz', '-C', join(place, 'links'), '--', name);
  const through = givenArchive('through.tar.gz', '-C', join(place, 'made'), '--', `${name}/evil`);
  await expect(unpack(link, through)).rejects.toThrow("would leave the job's folder by a link");
  expect(existsSync(join(place, 'outside/evil'))).toBe(false);
});

const zipProgram = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    archive.writestr(sys.argv[2], 'zipped')
`;
function givenZip(path: string, member: string): void {
  execFileSync('python3', ['-c', zipProgram, path, member]);
}
const hasUnzip = spawnSync('unzip', ['-v']).status === 0;

it.runIf(hasUnzip)('unpacks zip archives under the same guard', async () => {
  givenZip(join(place, 'one.zip'), 'm/file');
  expect(await unpack('one.zip', 'one.zip')).toHaveLength(2);
  expect(readFileSync(join(root, 'm/file'), 'utf8')).toBe('zipped');
  rmSync(join(root, 'm'), { recursive: true });
  const link = givenArchive('link.tar.gz', '-C', join(place, 'links'), 'm');
  await expect(unpack(link, 'one.zip')).rejects.toThrow('by a link');
  expect(existsSync(join(place, 'outside/file'))).toBe(false);
});

it('unpacks a compressed file beside its archive, and says which endings it unpacks', async () => {
  writeFileSync(join(place, 'genome.gz'), gzipSync('ACGT'));
  await unpack('genome.gz');
  expect(readFileSync(join(root, 'genome'), 'utf8')).toBe('ACGT');
  writeFileSync(join(place, 'x.rar'), '');
  await expect(unpack('x.rar')).rejects.toThrow('must end in .tar, .tar.*');
});

it.runIf(hasUnzip)('gives jobs a dx-unpack that takes a zip archive by any path', () => {
  const claim = { job: 'job-x', input: {}, runSpec: { interpreter: 'bash', code: '' } } as unknown as Claim;
  const ground = { kind: 'machine', namespaces: false, why: 'a test' } as const;
  const { programs } = layOutFolder(root, claim, ground);
  writePrograms(root, jobPrograms(ground));
  const environment = { PATH: process.env.PATH, ESPALIER_ROOT: root };
  for (const [member, given] of [
    ['by-absolute', join(place, 'z.zip')],
    ['by-relative', './z.zip'],
    ['by-name', 'z.zip'],
  ] as const) {
    givenZip(join(place, 'z.zip'), member);
    execFileSync(join(programs, 'dx-unpack'), [given], { cwd: place, env: environment });
    expect(readFileSync(join(root, member), 'utf8')).toBe('zipped');
    expect(existsSync(join(place, 'z.zip'))).toBe(false);
  }
});
