// Installs apt packages: in a container in place, and on one machine into a layer above the machine's files, which keep
// their own packages.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Dependency } from '../platform.ts';
import type { Shell } from './shell.ts';

/** The words for apt-get. */
export function aptNames(packages: readonly Dependency[]): string[] {
  return packages.map(({ name, version }) => (version === undefined ? name : `${name}=${version}`));
}

/** Installs into the `/` of the shell, as root. The lists may be as old as the image or the machine. */
export function installByApt(shell: Shell, packages: readonly Dependency[]): Promise<void> {
  return shell(installProgram, aptNames(packages));
}

/** What is installed on this machine decides what is missing, and which builds of it fit. */
export function machinePackages(): unknown[] {
  return [readIfThere('/etc/os-release'), readIfThere(statusFile)];
}

/** Whether the machine has all of these packages, so that nothing need be installed. */
export function hasPackages(packages: readonly Dependency[]): boolean {
  if (packages.some(({ version }) => version !== undefined)) return false;
  const installed = new Set<string>();
  for (const record of (existsSync(statusFile) ? readFileSync(statusFile, 'utf8') : '').split('\n\n')) {
    const name = /^Package: (.*)$/m.exec(record)?.[1];
    if (name !== undefined && /^Status: .* installed$/m.test(record)) installed.add(name);
  }
  return packages.every(({ name }) => installed.has(name));
}

/** Takes out of a layer what only the installation needed. */
export function tidyLayer(draft: string): void {
  const own = existsSync(policyFile) ? [] : [policyFile.slice(1)];
  for (const path of [...own, 'tmp', 'run', 'var/tmp', 'var/cache/apt', 'var/lib/apt/lists', 'opt/dnanexus/log'])
    rmSync(join(draft, path), { recursive: true, force: true });
  for (const name of ['dev', 'proc', 'sys', 'boot', 'home', 'root', 'media', 'mnt', 'srv'])
    removeEmpty(join(draft, name));
}

function removeEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

function readIfThere(path: string): string | undefined {
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('hex') : undefined;
}

const statusFile = '/var/lib/dpkg/status';
const policyFile = '/usr/sbin/policy-rc.d';
// A package may want to start its service. Only this file keeps it from that.
const installProgram = `
if [ ! -e ${policyFile} ]; then printf '#!/bin/sh\\nexit 101\\n' > ${policyFile}; chmod 755 ${policyFile}; fi
install() {
  apt-get install --yes --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -- "$@"
}
install "$@" && exit
# Somebody may be installing packages on the machine just now.
dpkg --configure -a || :
apt-get update && install "$@"
`;
