// Fetches bundled dependencies (runSpec.bundledDepends) with the job's token and unpacks them below the job's root.

import { createWriteStream, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { JobFolder } from './folder.ts';
import type { Bundle, Claim, Platform } from './platform.ts';
import { type ProgramPlace, runProgram } from './program.ts';

/**
 * Throws an Error that names the bundle which could not be fetched or unpacked. `place` is for the programs that
 * unpack.
 */
export async function unpackBundles(
  platform: Platform,
  claim: Claim,
  folder: JobFolder,
  place: ProgramPlace,
): Promise<string[]> {
  const active = (claim.runSpec.bundledDepends ?? []).filter(
    (bundle) => bundle.stages === undefined || bundle.stages.includes(claim.function),
  );
  for (const [index, bundle] of active.entries()) {
    const fileId = linkedFile(bundle);
    // The archive's own name is data, so we choose the name of its copy.
    const archive = join(folder.root, 'tmp', `bundle-${index}`);
    try {
      const bytes = await platform.openFile(claim.token, fileId, claim.workspace, place.over);
      await pipeline(bytes, createWriteStream(archive), { signal: place.over });
      await unpack(bundle.name, archive, index === 0, folder.root, place);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`bundled dependency "${bundle.name}" (${fileId}) is not usable: ${why}`, { cause: error });
    }
    rmSync(archive, { force: true });
  }
  return active.map((bundle) => bundle.name);
}

/** Unpacks the same kinds as the job's own `dx-unpack` (folder.ts). */
async function unpack(
  name: string,
  archive: string,
  isFirst: boolean,
  root: string,
  place: ProgramPlace,
): Promise<void> {
  if (/\.(tar|tar\..*|tgz|tbz2|txz)$/s.test(name)) return unpackTar(archive, isFirst, root, place);
  if (name.endsWith('.zip')) return unpackZip(archive, isFirst, root, place);
  if (/\.(gz|bz2)$/.test(name)) return unpackFile(name, archive, root, place);
  throw new Error('its name must end in .tar, .tar.*, .tgz, .tbz2, .txz, .gz, .bz2 or .zip');
}

function linkedFile(bundle: Bundle): string {
  const link =
    typeof bundle.id === 'object' && bundle.id !== null ? Reflect.get(bundle.id, '$dnanexus_link') : bundle.id;
  const id = typeof link === 'object' && link !== null ? Reflect.get(link, 'id') : link;
  if (typeof id !== 'string') throw new Error(`bundled dependency "${bundle.name}" names no file`);
  return id;
}

async function unpackTar(archive: string, isFirst: boolean, root: string, place: ProgramPlace): Promise<void> {
  // tar guards against links of the archive that it unpacks. Links that an earlier archive left are ours to check.
  if (!isFirst && root !== '/') await refuseWayOut(archive, root, place);
  // tar refuses members with ".." and strips a leading "/", so it writes nothing outside the root.
  // In a container, a folder of the archive must not take the place of a link such as /bin.
  const keep = root === '/' ? ['--keep-directory-symlink'] : [];
  await runProgram('tar', ['-xf', archive, '-C', root, '--no-same-owner', ...keep], place);
}

/** Throws for a member that an existing link would lead outside the root. */
async function refuseWayOut(archive: string, root: string, place: ProgramPlace): Promise<void> {
  // A name may hold line breaks, and bytes that are not in any encoding. In this locale tar escapes them, and a byte is
  // a letter.
  const environment = { ...place.environment, LC_ALL: 'C' };
  const listing = await runProgram('tar', ['-tf', archive, '--quoting-style=escape'], { ...place, environment });
  const base = Buffer.from(resolve(root)).toString('latin1');
  const home = realPath(base);
  // Many archives begin with "./", which is the root itself.
  const members = listing.split('\n').map((name) => resolve(base, `./${unescaped(name)}`));
  for (const parent of new Set(members.filter((member) => member !== base).map((member) => dirname(member)))) {
    let folder = parent;
    while (folder.startsWith(base) && !existsSync(Buffer.from(folder, 'latin1'))) folder = dirname(folder);
    const real = realPath(folder);
    if (real !== home && !real.startsWith(`${home}/`)) {
      const shown = JSON.stringify(parent.slice(base.length + 1));
      throw new Error(`its members below ${shown} would leave the job's folder by a link`);
    }
  }
}

function realPath(bytes: string): string {
  return realpathSync(Buffer.from(bytes, 'latin1'), 'buffer').toString('latin1');
}

/** Restores the name that tar printed. Each of its bytes becomes one letter. */
function unescaped(name: string): string {
  return name.replace(/\\([0-7]{3}|.)/gs, (_, escaped: string) =>
    escaped.length === 3 ? String.fromCharCode(Number.parseInt(escaped, 8)) : (letters[escaped] ?? escaped),
  );
}

/** Unpacks into a folder of its own, then copies by tar, whose guards are the better ones. */
async function unpackZip(archive: string, isFirst: boolean, root: string, place: ProgramPlace): Promise<void> {
  const folder = `${archive}.folder`;
  mkdirSync(folder);
  await runProgram('unzip', ['-oq', archive, '-d', folder], place);
  await runProgram('tar', ['-cf', `${archive}.tar`, '-C', folder, '.'], place);
  rmSync(folder, { recursive: true, force: true });
  await unpackTar(`${archive}.tar`, isFirst, root, place);
  rmSync(`${archive}.tar`, { force: true });
}

/** Unpacks one file. Its name is the archive's without the ending. */
async function unpackFile(name: string, archive: string, root: string, place: ProgramPlace): Promise<void> {
  if (name.includes('/')) throw new Error('a compressed file is unpacked beside its archive, and its name has a "/"');
  const beside = join(root, name);
  renameSync(archive, beside);
  await runProgram(name.endsWith('.gz') ? 'gunzip' : 'bunzip2', ['-f', '--', beside], place);
}

const letters: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
