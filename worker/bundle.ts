// Bundled dependencies (runSpec.bundledDepends): fetched with the job's token and unpacked below the job's root.
import { createWriteStream, existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { JobFolder } from './folder.ts';
import type { Bundle, Claim, Platform } from './platform.ts';
import { type ProgramPlace, runProgram } from './program.ts';

/** Throws an Error that names the bundle which could not be fetched or unpacked. `place` is for the programs that unpack. */
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
    // The archive's own name is data; its copy is named by us.
    const archive = join(folder.root, 'tmp', `bundle-${index}`);
    try {
      const bytes = await platform.openFile(claim.token, fileId, claim.workspace, place.over);
      await pipeline(bytes, createWriteStream(archive), { signal: place.over });
      // Links of one archive are tar's to guard against; those that an earlier one left are ours.
      if (index > 0 && folder.root !== '/') await refuseWayOut(archive, folder.root, place);
      await unpack(bundle.name, archive, folder.root, place);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`bundled dependency "${bundle.name}" (${fileId}) is not usable: ${why}`, { cause: error });
    }
    rmSync(archive, { force: true });
  }
  return active.map((bundle) => bundle.name);
}

function linkedFile(bundle: Bundle): string {
  const link =
    typeof bundle.id === 'object' && bundle.id !== null ? Reflect.get(bundle.id, '$dnanexus_link') : bundle.id;
  const id = typeof link === 'object' && link !== null ? Reflect.get(link, 'id') : link;
  if (typeof id !== 'string') throw new Error(`bundled dependency "${bundle.name}" names no file`);
  return id;
}

/** Throws for a member that would be written outside the root, through a link that is there already. */
async function refuseWayOut(archive: string, root: string, place: ProgramPlace): Promise<void> {
  const names = (await runProgram('tar', ['-tf', archive, '--quoting-style=literal'], place)).split('\n');
  const home = realpathSync(root);
  // "./", as many archives begin, is the root itself.
  const members = names.map((name) => resolve(root, `./${name}`)).filter((member) => member !== root);
  for (const parent of new Set(members.map((member) => dirname(member)))) {
    let folder = parent;
    while (folder.startsWith(root) && !existsSync(folder)) folder = dirname(folder);
    const real = realpathSync(folder);
    if (real !== home && !real.startsWith(`${home}/`)) {
      throw new Error(`its members below "${parent.slice(root.length + 1)}" would leave the job's folder by a link`);
    }
  }
}

async function unpack(name: string, archive: string, root: string, place: ProgramPlace): Promise<void> {
  if (!/\.(tar|tar\.[a-z0-9]+|tgz|tbz2|txz)$/.test(name)) throw new Error('only tar archives are unpacked');
  // tar refuses members with ".." and strips a leading "/", so nothing lands outside the root.
  await runProgram('tar', ['-xf', archive, '-C', root, '--no-same-owner'], place);
}
