// Installs packages of programming languages, by the programs that those have for it.

import type { Dependency } from '../platform.ts';
import type { Shell } from './shell.ts';
import { describeGroup, type Group, type Manager } from './wanted.ts';

/** @throws Error that says how to get the program, if it is missing */
export async function installByLanguage(shell: Shell, group: Group & { manager: keyof typeof tools }): Promise<void> {
  const { program, source, install, atoms } = tools[group.manager];
  const missing =
    `execDepends asks for ${describeGroup(group)}, and there is no program ${program} here: ` +
    `list the apt package ${source} before it in execDepends, or install that on the machine`;
  const look = `command -v ${program} > /dev/null || { echo "$missing" >&2; exit 1; }`;
  await shell(`missing=$1; shift; ${look}; ${install}`, [missing, ...group.packages.flatMap(atoms)]);
}

export function isLanguage<One extends Group>(group: One): group is One & { manager: keyof typeof tools } {
  return Object.hasOwn(tools, group.manager);
}

type Tool = {
  readonly program: string;
  /** The Debian package that has it. */
  readonly source: string;
  readonly install: string;
  readonly atoms: (one: Dependency) => readonly string[];
};

const versioned =
  (separator: string) =>
  ({ name, version }: Dependency) => [version === undefined ? name : `${name}${separator}${version}`];
// The commands are those of the client's own installer (docs/reference/api.md, "Dependencies of a job").
const tools = {
  gem: {
    ...{ program: 'gem', source: 'ruby', atoms: ({ name, version = '' }) => [name, version] },
    install: 'while [ $# -gt 0 ]; do gem install --no-document "$1" ${2:+--version "$2"}; shift 2; done',
  },
  cpan: { program: 'cpanm', source: 'cpanminus', install: 'cpanm --notest "$@"', atoms: versioned('~') },
  cran: {
    ...{ program: 'Rscript', source: 'r-base-dev', atoms: ({ name, version = '' }) => [name, version] },
    install: `
while [ $# -gt 0 ]; do
  Rscript -e '
    options(warn = 2, repos = c(CRAN = "https://cloud.r-project.org"))
    wanted <- commandArgs(trailingOnly = TRUE)
    if (length(wanted) == 1) install.packages(wanted) else {
      if (!requireNamespace("remotes", quietly = TRUE)) install.packages("remotes")
      remotes::install_version(wanted[1], version = wanted[2], upgrade = "never")
    }' "$1" \${2:+"$2"}
  shift 2
done`,
  },
} as const satisfies Partial<Record<Manager, Tool>>;
