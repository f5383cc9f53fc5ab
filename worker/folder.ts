// Writes the job's files before the job runs (docs/reference/api.md, "Folder of a job"): HOME, job_input.json, the
// descriptions, the environment file and the code. It writes only below the job's own root, and never writes the token.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Place } from './place.ts';
import type { Claim } from './platform.ts';

/** Paths in a job's folder. */
export type JobPaths = {
  readonly root: string;
  /** `<root>/home/dnanexus`: HOME and the working directory. */
  readonly home: string;
  readonly codeFile: string;
  /** Programs of ours that a job may call, for example `dx-unpack`. */
  readonly programs: string;
};
export type JobFolder = JobPaths & {
  /** The paths that the job itself sees. */
  readonly seen: JobPaths;
};

/**
 * Makes the folder and its files. Those that an earlier job has left are written over, which costs less than to make new
 * ones.
 *
 * @param root `/` in a container
 */
export function layOutFolder(root: string, claim: Claim, place: Place): JobFolder {
  const paths = pathsBelow(root, claim);
  const { home, codeFile } = paths;
  for (const folder of [home, join(root, 'tmp')]) mkdirSync(folder, { recursive: true });
  takeOver(home, codeFile);
  writeJson(join(home, 'job_input.json'), claim.input);
  writeJson(join(home, 'dnanexus-job.json'), { ...claim.jobDescribe, input: claim.input });
  writeJson(join(home, 'dnanexus-executable.json'), claim.executableDescribe);
  writeOver(codeFile, claim.runSpec.code);
  return { ...paths, seen: place.kind === 'root' ? pathsBelow('/', claim) : paths };
}

/** The files that may stay for the next job in the same folder. It writes over them. */
export function reusableFiles({ codeFile }: JobPaths): string[] {
  return ['job_input.json', 'dnanexus-job.json', 'dnanexus-executable.json', environmentName, basename(codeFile)];
}

/** Gives the code of an earlier job its new name, and removes what this job may not write over. */
function takeOver(home: string, codeFile: string): void {
  const name = basename(codeFile);
  const kind = name.slice(name.indexOf('.'));
  for (const other of readdirSync(home).filter((one) => one !== name)) {
    const isCode = /^job-[0-9A-Za-z]{24}\.code\.(sh|py)$/.test(other);
    if (isCode && other.endsWith(kind)) renameSync(join(home, other), codeFile);
    else if (isCode || (other === environmentName && kind !== '.code.sh')) rmSync(join(home, other));
  }
}

/** Writes a file that may be there. To empty it first would make a disk save what is written before its end. */
export function writeOver(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  try {
    writeFileSync(file, text);
    const length = Buffer.byteLength(text);
    if (fstatSync(file).size > length) ftruncateSync(file, length);
  } finally {
    closeSync(file);
  }
}

/** Our own programs, by the paths at which a job sees them. */
export function jobPrograms(place: Place): Readonly<Record<string, string>> {
  return {
    [`${programFolder}/dx-unpack`]: unpackProgram,
    [`${programFolder}/dx-fetch-bundled-depends`]: fetchBundlesProgram,
    ...(place.kind === 'root' && !hasSudo() ? { [`${programFolder}/sudo`]: sudoProgram } : {}),
  };
}

export function writePrograms(root: string, programs: Readonly<Record<string, string>>): void {
  mkdirSync(join(root, programFolder), { recursive: true });
  for (const [path, text] of Object.entries(programs)) writeFileSync(join(root, path), text, { mode: 0o755 });
}

/** In the namespaces of an ordinary user, the machine's sudo has no rights to give. */
function hasSudo(): boolean {
  return process.getuid?.() === 0 && existsSync('/usr/bin/sudo');
}

function pathsBelow(root: string, claim: Claim): JobPaths {
  const home = join(root, 'home', 'dnanexus');
  const suffix = claim.runSpec.interpreter === 'bash' ? 'sh' : 'py';
  return {
    root,
    home,
    codeFile: join(home, `${claim.job}.code.${suffix}`),
    programs: join(root, programFolder),
  };
}

function writeJson(path: string, value: unknown): void {
  writeOver(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Holds the variables and inputs of a bash job. */
export const environmentName = 'environment';
const programFolder = '/opt/espalier/bin';

// dxpy calls dx-unpack, but its PyPI package does not include it. The job's root takes the place of `/`.
const unpackProgram = `#!/bin/bash
# dx-unpack FILE...: unpacks archives below the job's root and removes them.
set -euo pipefail
root="\${ESPALIER_ROOT:-/}"
keep=()
# A folder of the archive must not take the place of a link such as /bin.
if [ "$root" = / ]; then keep=(--keep-directory-symlink); fi
for archive in "$@"; do
  case "$archive" in
    *.tar|*.tar.*|*.tgz|*.tbz2|*.txz) tar -xf "$archive" -C "$root" --no-same-owner "\${keep[@]}" && rm -f -- "$archive" ;;
    *.gz) gunzip -f -- "$archive" ;;
    *.bz2) bunzip2 -f -- "$archive" ;;
    *.zip) unzip -oq "$(realpath -- "$archive")" -d "$root" && rm -f -- "$archive" ;;
    *) echo "dx-unpack: the name of $archive must end in .tar, .tar.*, .tgz, .tbz2, .txz, .gz, .bz2 or .zip" >&2; exit 1 ;;
  esac
done
`;

const fetchBundlesProgram = `#!/bin/bash
# The worker has unpacked the bundled dependencies before the job's code started.
echo "bundled dependencies are in place"
`;

// The files of the job are its own, and those of the machine are out of its reach, so it has every right already.
const sudoProgram = `#!/bin/bash
# sudo [OPTION...] [NAME=VALUE...] COMMAND...: runs the command.
while [[ "\${1:-}" == -* ]]; do
  case "$1" in
    --) shift; break ;;
    -u|-g|-h|-p|-C|-D|-R|-T|-U|-r|-t|--user|--group|--host|--prompt|--chdir) shift 2 ;;
    *) shift ;;
  esac
done
[ $# -gt 0 ] || exit 0
exec env "$@"
`;
