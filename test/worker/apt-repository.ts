// An apt repository of two packages on this machine, and settings under which apt sees no other. The first package needs
// the second, and has what packages have: a program, a library, settings, a file in a folder that is a link, and an
// installation script that sets an alternative.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type AptRepository = {
  /** The variables of a worker whose jobs use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Packages that cannot be installed any more are not kept in the repository. */
  readonly folder: string;
};

/** @param folder a new folder, which jobs can see */
export function givenAptRepository(folder: string): AptRepository {
  mkdirSync(folder, { recursive: true });
  const index = [
    build(folder, 'espalier-probe', 'Depends: espalier-probe-data (>= 1), bash', {
      'usr/bin/espalier-probe': '#!/bin/bash\ncat /usr/share/espalier-probe/data\n',
      'usr/lib/espalier-probe/chosen': '#!/bin/bash\necho chosen\n',
      'etc/espalier-probe.conf': 'setting\n',
      'lib/espalier-probe.so': 'library\n',
      'DEBIAN/postinst': postinst,
    }),
    build(folder, 'espalier-probe-data', '', { 'usr/share/espalier-probe/data': 'data\n' }),
    build(folder, 'espalier-probe-service', '', { 'DEBIAN/postinst': '#!/bin/sh\nset -e\nfalse\n' }),
  ];
  writeFileSync(join(folder, 'Packages'), index.join('\n'));
  writeFileSync(join(folder, 'sources.list'), `deb [trusted=yes] file:${folder} ./\n`);
  const settings = [
    `Dir::Etc::sourcelist "${join(folder, 'sources.list')}";`,
    ...['Dir::Etc::sourceparts "/dev/null";', 'Acquire::Languages "none";'],
  ];
  writeFileSync(join(folder, 'apt.conf'), `${settings.join('\n')}\n`);
  return { environment: { APT_CONFIG: join(folder, 'apt.conf') }, folder };
}

/** Returns the package's part of the index. */
function build(folder: string, name: string, relations: string, files: Readonly<Record<string, string>>): string {
  const tree = join(folder, name);
  const fields = [
    'Version: 1.0',
    'Architecture: all',
    'Maintainer: x <x@example.org>',
    'Description: a probe',
    relations,
  ];
  const control = [`Package: ${name}`, ...fields].filter(Boolean).join('\n');
  for (const [path, text] of Object.entries({ ...files, 'DEBIAN/control': `${control}\n` })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: 0o755 });
  }
  const archive = `${name}_1.0_all.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, archive)], { stdio: 'pipe' });
  const bytes = readFileSync(join(folder, archive));
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${control}\nFilename: ./${archive}\nSize: ${bytes.length}\nSHA256: ${digest}\n`;
}

const postinst = `#!/bin/sh
set -e
update-alternatives --install /usr/bin/espalier-chosen espalier-chosen /usr/lib/espalier-probe/chosen 10
`;
