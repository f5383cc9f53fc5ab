// Provides apt packages to an ordinary user, who cannot install any: the packages and what they depend on are unpacked
// into a layer and noted there as installed, and then their installation scripts are run as far as they get.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dependency } from '../platform.ts';
import { type ProgramPlace, runProgram } from '../program.ts';
import { aptNames } from './apt.ts';
import type { Shell } from './shell.ts';

/**
 * @param draft the folder of the layer, which `shell` sees as `/`
 * @param lists holds package lists that are newer than the machine's. It is kept.
 */
export async function unpackApt(
  packages: readonly Dependency[],
  { draft, lists, shell, place }: { draft: string; lists: string; shell: Shell; place: ProgramPlace },
): Promise<void> {
  await runProgram('bash', ['-ec', unpackProgram, 'bash', draft, lists, ...aptNames(packages)], place);
  await shell(configureProgram, []);
}

/** The packages of a layer whose installation scripts failed. */
export function unfinishedPackages(layer: string): string[] {
  const path = join(layer, unfinishedFile);
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

const unfinishedFile = 'opt/espalier/unfinished-packages';
const unpackProgram = `
set -o pipefail
draft=$1 lists=$2
shift 2
work=$draft/tmp/apt
mkdir -p "$work/archives/partial" "$lists/partial"
own=(-o "Dir::Cache=$work" -o "Dir::Cache::archives=$work/archives" -o Debug::NoLocking=1 -o APT::Sandbox::User=)
newer=(-o "Dir::State::Lists=$lists")
names=("$@")
plan() { apt-get "\${own[@]}" "\${chosen[@]}" --yes --no-install-recommends "$@" install -- "\${names[@]}"; }
chosen=()
plan --download-only || { chosen=("\${newer[@]}"); apt-get "\${own[@]}" "\${chosen[@]}" update; plan --download-only; }
# apt uses packages of this machine where they are, and now names only those.
plan -qq --print-uris | while read -r uri archive _; do
  path=\${uri#"'file:"}
  path=\${path%"'"}
  cp "$(printf '%b' "\${path//%/\\\\x}")" "$work/archives/$archive"
done

# A folder of a package must not take the place of a link of the machine, such as /bin.
for link in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$link" ]; then ln -s "$(readlink "/$link")" "$draft/$link"; fi
done
database=$draft/var/lib/dpkg
mkdir -p "$database"/{alternatives,info,triggers,updates} "$draft"/etc/alternatives
cp /var/lib/dpkg/status "$database/status"
for archive in "$work"/archives/*.deb; do
  if [ ! -e "$archive" ]; then continue; fi
  dpkg-deb --fsys-tarfile "$archive" | tar -x -C "$draft" --keep-directory-symlink --no-same-owner --delay-directory-restore
  name=$(dpkg-deb --field "$archive" Package)
  if [ "$(dpkg-deb --field "$archive" Multi-Arch)" = same ]; then name=$name:$(dpkg-deb --field "$archive" Architecture); fi
  control=$work/control
  rm -rf "$control"
  dpkg-deb --control "$archive" "$control"
  for part in "$control"/*; do
    case $part in
      */control) ;;
      *) cp "$part" "$database/info/$name.\${part##*/}" ;;
    esac
  done
  dpkg-deb --fsys-tarfile "$archive" | tar -t | sed -e 's,^\\./,/,' -e 's,^/$,/.,' -e 's,\\(.\\)/$,\\1,' > "$database/info/$name.list"
  awk -v RS= -v ORS='\\n\\n' -v package="Package: \${name%:*}" 'index($0 "\\n", package "\\n") != 1' "$database/status" > "$work/status"
  { cat "$work/status"; sed '1a Status: install ok installed' "$control/control"; echo; } > "$database/status"
  if [ -x "$control/postinst" ]; then echo "$name" >> "$work/names"; fi
done
for link in bin sbin lib lib32 lib64 libx32; do
  if [ -L "$draft/$link" ]; then rm "$draft/$link"; fi
done
mkdir -p "$draft/opt/espalier"
mv "$work/names" "$draft/opt/espalier/unconfigured-packages" 2>/dev/null || :
rm -rf "$work"
`;
// Scripts may depend on those of other packages, so those that failed are tried again.
const configureProgram = `
list=/opt/espalier/unconfigured-packages
if [ ! -e "$list" ]; then exit; fi
mapfile -t names < "$list"
rm "$list"
export DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DPKG_MAINTSCRIPT_NAME=postinst DPKG_MAINTSCRIPT_DEBUG=0
DPKG_MAINTSCRIPT_ARCH=$(dpkg --print-architecture)
DPKG_RUNNING_VERSION=$(dpkg-query -W -f '\${Version}' dpkg)
export DPKG_MAINTSCRIPT_ARCH DPKG_RUNNING_VERSION DPKG_MAINTSCRIPT_PACKAGE
for round in 1 2 3; do
  failed=()
  for name in "\${names[@]}"; do
    DPKG_MAINTSCRIPT_PACKAGE=\${name%:*}
    "/var/lib/dpkg/info/$name.postinst" configure '' < /dev/null > /dev/null 2>&1 || failed+=("$name")
  done
  names=("\${failed[@]}")
  if [ \${#names[@]} = 0 ]; then break; fi
done
ldconfig 2>/dev/null || :
if [ \${#names[@]} != 0 ]; then printf '%s\\n' "\${names[@]}" > /${unfinishedFile}; fi
`;
