// Clones the repositories that an executable asks for, and runs their build commands, in the job's own `/`. Nothing of it
// is kept: a branch may move.

import type { Dependency } from '../platform.ts';
import type { Shell } from './shell.ts';

/** @throws Error that says how to get git, if it is missing */
export async function installByGit(shell: Shell, repositories: readonly Dependency[]): Promise<void> {
  for (const { name, url = '', destdir = '', tag = '', build_commands: commands = '' } of repositories)
    await shell(cloneProgram, [name, url, destdir, tag, commands]);
}

// The words of a dxapp.json are arguments, but its build commands are a program, and its folder may name a variable.
const cloneProgram = `
name=$1 url=$2 folder=$3 tag=$4 commands=$5
if ! command -v git > /dev/null; then
  echo "execDepends asks for the git repository $name, and there is no program git here: list the apt package git before it in execDepends, or install that on the machine" >&2
  exit 1
fi
export HOME=/home/dnanexus GIT_TERMINAL_PROMPT=0
if [ -n "$folder" ]; then eval "folder=\\"$folder\\""; else folder=$(mktemp -d); fi
mkdir -p "$folder"
cd "$folder"
clone=\${url%/}
clone=\${clone##*/}
clone=\${clone%.git}
git clone --quiet -- "$url" "$clone"
cd "$clone"
if [ -n "$tag" ]; then git checkout --quiet "$tag" --; fi
if [ -n "$commands" ]; then bash -ec "$commands"; fi
`;
