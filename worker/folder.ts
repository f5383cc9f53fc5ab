// Writes the job's files before the job runs (docs/reference/api.md, "Folder of a job"): HOME, job_input.json, the
// descriptions, the environment file and the code. It writes only below the job's own root, and never writes the token.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Claim } from './platform.ts';

export type JobFolder = {
  readonly root: string;
  /** `<root>/home/dnanexus`: HOME and the working directory. */
  readonly home: string;
  readonly codeFile: string;
  /** Programs of ours that a job may call, for example `dx-unpack`. */
  readonly programs: string;
};

/** Makes the folder and its files. `root` is `/` in a container. */
export function layOutFolder(root: string, claim: Claim): JobFolder {
  const home = join(root, 'home', 'dnanexus');
  const programs = join(root, 'opt', 'espalier', 'bin');
  for (const folder of [home, programs, join(root, 'tmp')]) mkdirSync(folder, { recursive: true });
  const suffix = claim.runSpec.interpreter === 'bash' ? 'sh' : 'py';
  const codeFile = join(home, `${claim.job}.code.${suffix}`);
  writeJson(join(home, 'job_input.json'), claim.input);
  writeJson(join(home, 'dnanexus-job.json'), { ...claim.jobDescribe, input: claim.input });
  writeJson(join(home, 'dnanexus-executable.json'), claim.executableDescribe);
  writeFileSync(codeFile, claim.runSpec.code);
  writeProgram(join(programs, 'dx-unpack'), unpackProgram);
  writeProgram(join(programs, 'dx-fetch-bundled-depends'), fetchBundlesProgram);
  return { root, home, codeFile, programs };
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
for archive in "$@"; do
  case "$archive" in
    *.tar|*.tar.*|*.tgz|*.tbz2|*.txz) tar -xf "$archive" -C "$root" --no-same-owner && rm -f -- "$archive" ;;
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
