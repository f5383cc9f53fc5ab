// The packages that an entry point of an executable asks for (docs/reference/api.md, "Dependencies of a job").

import type { Claim, Dependency } from '../platform.ts';

/** Neighbours of one package manager, which are installed together. */
export type Group = { readonly manager: Manager; readonly packages: readonly Dependency[] };
export type Manager = (typeof managers)[number];

/** In the order in which they are asked for. @throws Error that names a package which no installation can mean */
export function wantedGroups({ runSpec, function: entryPoint }: Pick<Claim, 'runSpec' | 'function'>): Group[] {
  const groups: { manager: Manager; packages: Dependency[] }[] = [];
  for (const one of [...(runSpec.execDepends ?? []), ...(runSpec.dependencies ?? [])]) {
    const manager = managerOf(one);
    if (manager === 'apt' && alwaysPresent.has(one.name)) continue;
    if (one.stages !== undefined && !one.stages.includes(entryPoint)) continue;
    check(one, manager);
    const last = groups.at(-1);
    if (last?.manager === manager) last.packages.push(one);
    else groups.push({ manager, packages: [one] });
  }
  return groups;
}

/** The words for these packages in a job's log. */
export function describeGroup({ manager, packages }: Group): string {
  const names = packages.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`)).join(', ');
  const noun = manager === 'git' ? 'repository' : 'package';
  const nouns = manager === 'git' ? 'repositories' : 'packages';
  return `the ${manager} ${packages.length === 1 ? noun : nouns} ${names}`;
}

function managerOf({ name, package_manager: named = 'apt' }: Dependency): Manager {
  const manager = named === 'pip3' ? 'pip' : named;
  if (!(managers as readonly string[]).includes(manager)) {
    throw new Error(`execDepends asks for ${name} through ${named}, which is not one of ${managers.join(', ')}`);
  }
  return manager as Manager;
}

/** A name is part of a command line, where it must not mean anything else. */
function check({ name, version, url }: Dependency, manager: Manager): void {
  if (manager === 'git') {
    if (url === undefined || url.startsWith('-'))
      throw new Error(`execDepends: the git repository "${name}" needs a "url"`);
    return;
  }
  if (!nameForms[manager].test(name))
    throw new Error(`execDepends: "${name}" is not the name of a package of ${manager}`);
  if (version !== undefined && !/^[\w.+:~!<>=,*-]+$/.test(version)) {
    throw new Error(`execDepends: "${version}" is not a version of ${name}`);
  }
}

const managers = ['apt', 'pip', 'gem', 'cpan', 'cran', 'git'] as const;
const nameForms = {
  apt: /^[a-z0-9][a-z0-9+.:-]+$/,
  // pip also takes addresses, files, extras and conditions.
  pip: /^[^-\s]/,
  gem: /^[\w][\w.-]*$/,
  cpan: /^[\w][\w:.@/~-]*$/,
  cran: /^[A-Za-z][\w.]*$/,
} as const satisfies Record<Exclude<Manager, 'git'>, RegExp>;
// The client's own installer passes over these too (docs/reference/api.md, "Dependencies of a job").
const alwaysPresent = new Set(['dx-toolkit', 'jq', 'python-argcomplete']);
