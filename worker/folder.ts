// Writes the job's files before the job runs (docs/reference/api.md, "Folder of a job"): HOME, job_input.json, the
// descriptions, the environment file and the code. It writes only below the job's own root, and never writes the token.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Makes the folder and its files. `root` is `/` in a container. */
export function layOutFolder(root: string, claim: Claim, place: Place): JobFolder {
  const paths = pathsBelow(root, claim);
  const { home, programs, codeFile } = paths;
  for (const folder of [home, programs, join(root, 'tmp')]) mkdirSync(folder, { recursive: true });
  writeJson(join(home, 'job_input.json'), claim.input);
  writeJson(join(home, 'dnanexus-job.json'), { ...claim.jobDescribe, input: claim.input });
  writeJson(join(home, 'dnanexus-executable.json'), claim.executableDescribe);
  writeFileSync(codeFile, claim.runSpec.code);
  writeProgram(join(programs, 'dx-unpack'), unpackProgram);
  writeProgram(join(programs, 'dx-fetch-bundled-depends'), fetchBundlesProgram);
  if (place.kind === 'root' && !hasSudo()) writeProgram(join(programs, 'sudo'), sudoProgram);
  return { ...paths, seen: place.kind === 'root' ? pathsBelow('/', claim) : paths };
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
    programs: join(root, 'opt', 'espalier', 'bin'),
  };
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

function writeProgram(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o755 });
}

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
