// Provides the packages that an executable asks for, before its code begins. With a `/` of the job's own, what is
// installed becomes a layer of it, which is kept for the same list. On a machine without that, apt packages must be
// present, and pip packages are kept in a folder. In a container everything is installed in place.

import { join } from 'node:path';
import type { WorkerEnvironment } from '../environment.ts';
import type { JobFolder } from '../folder.ts';
import type { Place } from '../place.ts';
import type { Claim } from '../platform.ts';
import type { Starter } from '../starter/starter.ts';
import { aptNames, hasPackages, installByApt, machinePackages, tidyLayer } from './apt.ts';
import { refuseServices } from './docker.ts';
import { installByGit } from './git.ts';
import { installByLanguage, isLanguage } from './language.ts';
import { keptLayer, type Shelf } from './layer.ts';
import { providePip } from './pip.ts';
import { type Shell, shellInContainer, shellInRoot } from './shell.ts';
import { unfinishedPackages, unpackApt } from './unpack-apt.ts';
import { describeGroup, type Group, wantedGroups } from './wanted.ts';

export type DependsGround = {
  readonly environment: WorkerEnvironment;
  readonly claim: Pick<Claim, 'runSpec' | 'function'>;
  readonly place: Place;
  readonly folder: Pick<JobFolder, 'root'>;
  /** Starts programs in a `/` of their own, where the job gets one. */
  readonly starter: Starter | undefined;
  readonly over: AbortSignal;
  /** Gets a line when an installation begins and when it has ended. */
  readonly say: (line: string) => void;
};
export type Provided = {
  /** Folders that are laid over the machine's files, the uppermost first. */
  readonly layers: readonly string[];
  /** Folders of pip packages. */
  readonly pip: readonly string[];
};

/** @throws Error that names what is not available, and what to do */
export async function provideDependencies(ground: DependsGround): Promise<Provided> {
  const groups = wantedGroups(ground.claim);
  refuseServices(groups);
  let provided = nothing;
  for (const group of groups) provided = await provide(ground, group, provided);
  return provided;
}

async function provide(ground: DependsGround, group: Group, before: Provided): Promise<Provided> {
  const { environment, place, starter, over } = ground;
  if (group.manager === 'pip') return { ...before, pip: [await pipFolder(ground, group, before), ...before.pip] };
  if (place.kind === 'container') {
    await installWith(shellInContainer(environment, over), ground, group);
    return before;
  }
  if (group.manager === 'apt' && hasPackages(group.packages)) return before;
  if (starter === undefined || place.kind === 'machine') throw new Error(withoutRoot(group));
  if (group.manager === 'git') {
    const room = { folder: ground.folder.root, layers: before.layers };
    await installWith(shellInRoot({ environment, starter, over }, room), ground, group);
    return before;
  }
  const layer = await layerFor({ ...ground, starter }, group, before.layers);
  return { ...before, layers: [layer, ...before.layers] };
}

function installWith(shell: Shell, { say }: DependsGround, group: Group): Promise<void> {
  return timed(group, say, () => {
    if (isLanguage(group)) return installByLanguage(shell, group);
    return group.manager === 'git' ? installByGit(shell, group.packages) : installByApt(shell, group.packages);
  });
}

type RootGround = DependsGround & { readonly starter: Starter };

async function layerFor(ground: RootGround, group: Group, layers: readonly string[]): Promise<string> {
  const { environment, starter, over, say } = ground;
  const isRoot = process.geteuid?.() === 0;
  const shelf = shelfOf(ground);
  const what = [group.manager, group.packages, layers, isRoot, machinePackages()] as const;
  const layer = await keptLayer(shelf, what, async (draft) => {
    const shell = shellInRoot({ environment, starter, over }, { folder: draft, layers });
    if (group.manager !== 'apt' || isRoot) await installWith(shell, ground, group);
    else {
      const place = { environment: environment.inherited, over };
      const lists = join(shelf.folder, 'apt-lists');
      await timed(group, say, () => unpackApt(group.packages, { draft, lists, shell, place }));
    }
    tidyLayer(draft);
  });
  const unfinished = unfinishedPackages(layer);
  if (unfinished.length > 0) say(`${withoutScripts}: ${unfinished.join(', ')}`);
  return layer;
}

function pipFolder(ground: DependsGround, group: Group, { layers }: Provided): Promise<string> {
  const { environment, place, starter, say } = ground;
  return providePip(group.packages, {
    ...{ environment, layers, shelf: shelfOf(ground), starter: place.kind === 'root' ? starter : undefined },
    install: (make) => timed(group, say, make),
  });
}

function shelfOf({ environment, over, say }: DependsGround): Shelf {
  const folder = environment.overlays ?? join(environment.root, 'opt/espalier/overlay');
  return { folder, environment: environment.inherited, over, say };
}

/** An installation takes seconds or minutes, and its job should not be silent for so long. */
async function timed(group: Group, say: (line: string) => void, install: () => Promise<void>): Promise<void> {
  const begun = Date.now();
  const what = describeGroup(group);
  say(`Installing ${what}`);
  await install();
  say(`Installed ${what} in ${Math.ceil((Date.now() - begun) / 1000)} s`);
}

function withoutRoot(group: Group): string {
  const todo =
    group.manager === 'apt'
      ? `; install what is missing (apt-get install ${aptNames(group.packages).join(' ')}) and run the job again`
      : '';
  return `execDepends asks for ${describeGroup(group)}, and jobs without a file tree of their own do not install that on this machine${todo}`;
}

const nothing: Provided = { layers: [], pip: [] };
const withoutScripts =
  'Installation scripts need the rights of root, which this platform does not have. Those of these packages failed';
