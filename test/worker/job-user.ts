// The users for whom tests run jobs, what the kernel gives to those jobs here, and the tools that they share.

import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { identity } from './fake-platform.ts';

export const ordinaryUser = 54_321;
export const isRoot = process.getuid?.() === 0;

/**
 * Why the kernel lets jobs of this user have no root here. Undefined when it does. The kernel is asked by other programs
 * than those of the worker, so that an error of the worker is not taken for a reason.
 *
 * @param folder one that the user may write to, on the disk of the jobs
 */
export function refusalFor(user: number | undefined, folder: string): string | undefined {
  if (user !== undefined && !isRoot) return 'only root can act as another user';
  const own = isRoot && user === undefined;
  const namespaces = ['unshare', ...(own ? ['--mount'] : ['--user', '--map-root-user', '--mount'])];
  const probing = [...namespaces, 'sh', '-ec', mountProgram, 'sh', folder, own ? '' : ',userxattr'];
  const [command = '', ...args] = user === undefined ? probing : ['setpriv', ...identity(user), ...probing];
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (stderr || 'there is no unshare').trim();
}

/** Why the kernel gives jobs of root no namespaces of their own. Undefined when it does. */
export function namespaceRefusal(): string | undefined {
  if (!isRoot) return 'only root gets namespaces without a root of its own';
  const { status, stderr } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : (stderr || 'there is no unshare').trim();
}

/**
 * Skips a test that cannot run on this machine, and shows the machine's own reason (`reason`). The reason never comes from the code under
 * test, so that a fault of that is not skipped.
 */
export function skipFor(reason: string | undefined, test: { skip(note: string): never }): void {
  if (reason !== undefined) test.skip(reason);
}

const mountProgram = `
cd "$(mktemp -d -p "$1")"
mkdir -p upper/new work merged
trap 'umount merged; rm -rf "$PWD"' EXIT
mount -t overlay -o "lowerdir=/usr,upperdir=upper,workdir=work$2" none merged
: > merged/new/file`;

/** Makes the Python environment of all jobs. The pip of the machine will do, and to install another takes long. */
export function givenTools(folder: string): void {
  const make = (...options: string[]) =>
    execFileSync('/usr/bin/python3', ['-m', 'venv', ...options, folder], { stdio: 'pipe' });
  make('--without-pip', '--system-site-packages');
  if (spawnSync(join(folder, 'bin/python3'), ['-m', 'pip', '--version']).status !== 0) make('--clear');
}

/** Makes a package that pip can install without an index. */
export function givenWheel(folder: string): void {
  execFileSync('/usr/bin/python3', ['-c', wheelProgram, join(folder, wheelName)]);
}

export const wheelName = 'probe_package-1.0-py3-none-any.whl';
const wheelProgram = String.raw`import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    info = 'probe_package-1.0.dist-info/'
    wheel.writestr('probe_package.py', 'value = 7')
    wheel.writestr(info + 'METADATA', 'Metadata-Version: 2.1\nName: probe-package\nVersion: 1.0\n')
    wheel.writestr(info + 'WHEEL', 'Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    wheel.writestr(info + 'RECORD', 'probe_package.py,,\n%sMETADATA,,\n%sWHEEL,,\n%sRECORD,,\n' % (info, info, info))
`;
