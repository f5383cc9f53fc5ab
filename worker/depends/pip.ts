// Installs pip packages into a folder that is kept for the same list and the same Python. The job finds it by PYTHONPATH,
// so the Python that all jobs share stays as it is.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerEnvironment } from '../environment.ts';
import type { Dependency } from '../platform.ts';
import { runProgram } from '../program.ts';
import type { Starter } from '../starter/starter.ts';
import { keptLayer, type Shelf } from './layer.ts';
import { type Room, shellInRoot } from './shell.ts';

type Ground = {
  readonly environment: WorkerEnvironment;
  readonly shelf: Shelf;
  /** With it, pip runs in a `/` of its own: what a package's build does to other files is dropped. */
  readonly starter: Starter | undefined;
  /** The layers that the packages may need to be built. */
  readonly layers: Room['layers'];
  /** Runs an installation, and says so. */
  readonly install: (make: () => Promise<void>) => Promise<void>;
};

/** Returns the folder. */
export async function providePip(packages: readonly Dependency[], ground: Ground): Promise<string> {
  const { environment, shelf, starter, layers, install } = ground;
  const requirements = packages.map(({ name, version }) => (version === undefined ? name : `${name}==${version}`));
  const path = environment.tools ? `${environment.tools}:${environment.path}` : environment.path;
  const place = { environment: { ...environment.inherited, PATH: path }, over: shelf.over };
  const interpreter = await runProgram('python3', ['-I', '-S', '-c', identityProgram], place);
  const layer = await keptLayer(shelf, ['pip', interpreter, requirements, layers], (draft) => {
    const target = join(draft, folder);
    mkdirSync(target, { recursive: true });
    const options = ['-m', 'pip', 'install', '--quiet', '--target'];
    if (starter === undefined) {
      const all = [...options, target, '--', ...requirements];
      return install(async () => void (await runProgram('python3', all, place)));
    }
    const shell = shellInRoot({ environment, starter, over: shelf.over }, { folder: draft, layers });
    return install(() => shell('python3 "$@"', [...options, `/${folder}`, '--', ...requirements]));
  });
  return join(layer, folder);
}

const folder = 'opt/espalier/pip';
// Programs name their interpreter by its path, and compiled modules work with one version on one platform only.
const identityProgram = 'import sys, sysconfig; print(sys.executable, sys.version, sysconfig.get_platform())';
