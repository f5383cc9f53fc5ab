// Plans the access of a job: what its executable asks for, within the bounds of the user who launched it and of the job
// that runs it (docs/reference/api.md, "Access of an executable"). Pure.

import { type Level, weaker } from '../access/level.ts';
import type { AccessRequest } from '../executable/applet.ts';
import type { Program } from '../executable/executable.ts';

export type AccessFacts = {
  readonly executable: Pick<Program, 'kind' | 'spec'>;
  /** The level that the caller has in the project of the run. A calling job has no more than its own access. */
  readonly level: Level;
  /**
   * The access of the calling job. A detached run leaves the tree of the job that starts it, but not the bounds of its
   * access.
   */
  readonly above: AccessRequest | undefined;
};

/** The access of a master job. Its subjobs have the same. */
export function planAccess({ executable, level, above }: AccessFacts): Required<AccessRequest> {
  const { access: asked } = executable.spec;
  const passed = (flag: 'developer' | 'projectCreation') =>
    asked[flag] === true && (above === undefined || above[flag] === true);
  const everywhere = asked.allProjects ?? 'NONE';
  return {
    network: above === undefined ? (asked.network ?? []) : commonHosts(asked.network ?? [], above.network ?? []),
    project: weaker(asked.project ?? usualLevel[executable.kind], level),
    allProjects: above === undefined ? everywhere : weaker(everywhere, above.allProjects),
    developer: passed('developer'),
    projectCreation: passed('projectCreation'),
  };
}

/** The hosts that both lists allow. `*` allows every host. */
function commonHosts(asked: readonly string[], allowed: readonly string[]): readonly string[] {
  if (allowed.includes('*')) return asked;
  return asked.includes('*') ? allowed : asked.filter((host) => allowed.includes(host));
}

/** The level in the project of the run for an executable that asks for none. */
const usualLevel = { applet: 'VIEW', app: 'NONE' } as const satisfies Record<Program['kind'], Level>;
