// Provides execDepends. On a machine that other jobs share, pip packages go into an overlay that is kept
// for the same list, and apt packages must be present. In a container apt packages are installed. Any other package
// manager fails the job, by name.

import { existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerEnvironment } from './environment.ts';
import type { Claim, Dependency } from './platform.ts';
import { runProgram } from './program.ts';
import { removeFolder } from './remove-folder.ts';

/**
 * Returns the folder of pip packages, if there are any. Throws an Error that names a package which is not available.
 *
 * @param say gets a line when an installation begins and when it has ended
 */
export async function provideDependencies(
  environment: WorkerEnvironment,
  claim: Claim,
  over: AbortSignal,
  say: Say,
): Promise<string | undefined> {
  const wanted = (claim.runSpec.execDepends ?? []).filter(
    (one) => (one.stages === undefined || one.stages.includes(claim.function)) && !isAlwaysPresent(one),
  );
  const pip = wanted.filter((one) => one.package_manager === 'pip' || one.package_manager === 'pip3');
  const apt = wanted.filter((one) => (one.package_manager ?? 'apt') === 'apt');
  const other = wanted.filter((one) => !pip.includes(one) && !apt.includes(one));
  if (other[0]) {
    throw new Error(
      `execDepends asks for ${other[0].name} through ${other[0].package_manager}; this worker provides pip and apt packages only`,
    );
  }
  for (const one of apt) await provideAptPackage(environment, one, over, say);
  return pip.length > 0 ? providePipOverlay(environment, pip, over, say) : undefined;
}

type Say = (line: string) => void;

/** An installation takes seconds or minutes, and its job should not be silent for so long. */
async function installed(what: string, say: Say, install: () => Promise<unknown>): Promise<void> {
  const begun = Date.now();
  say(`Installing ${what}`);
  await install();
  say(`Installed ${what} in ${Math.ceil((Date.now() - begun) / 1000)} s`);
}

function isAlwaysPresent(one: Dependency): boolean {
  return (one.package_manager ?? 'apt') === 'apt' && alwaysPresent.has(one.name);
}

async function provideAptPackage(
  environment: WorkerEnvironment,
  one: Dependency,
  over: AbortSignal,
  say: Say,
): Promise<void> {
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(one.name))
    throw new Error(`execDepends: "${one.name}" is not the name of an apt package`);
  if (environment.root === '/') {
    const place = { environment: { ...environment.inherited, DEBIAN_FRONTEND: 'noninteractive' }, over };
    const wanted = one.version ? `${one.name}=${one.version}` : one.name;
    const install = () => runProgram('apt-get', ['install', '--yes', '--no-install-recommends', wanted], place);
    // The lists are as old as the image (docs/reference/api.md, "Dependencies of a job").
    const withUpdate = () => install().catch(() => runProgram('apt-get', ['update'], place).then(install));
    await installed(`the apt package ${wanted}`, say, withUpdate);
    return;
  }
  const status = await runProgram('dpkg', ['-s', one.name], { environment: environment.inherited, over }).catch(
    () => 'absent',
  );
  if (!/^Status: .* installed$/m.test(status)) {
    throw new Error(
      `execDepends asks for the apt package ${one.name}, which is not on this machine, and jobs do not install apt packages here; ` +
        `install it (apt-get install ${one.name}) and run the job again`,
    );
  }
}

async function providePipOverlay(
  environment: WorkerEnvironment,
  packages: readonly Dependency[],
  over: AbortSignal,
  say: Say,
): Promise<string> {
  const requirements = packages.map((one) => (one.version ? `${one.name}==${one.version}` : one.name));
  const bad = requirements.find((one) => one.startsWith('-'));
  if (bad) throw new Error(`execDepends: "${bad}" is not the name of a Python package`);
  const path = environment.tools ? `${environment.tools}:${environment.path}` : environment.path;
  const place = { environment: { ...environment.inherited, PATH: path }, over };
  const interpreter = await runProgram('python3', ['-I', '-S', '-c', identityProgram], place);
  // Loaded here: most jobs ask for no package, and loading it costs a worker as much as all its own code.
  const { createHash } = await import('node:crypto');
  const whole = JSON.stringify([interpreter, requirements]);
  const digest = createHash('sha256').update(whole).digest('hex').slice(0, 24);
  const overlays = environment.overlays ?? join(environment.root, 'opt/espalier/overlay');
  const overlay = join(overlays, digest);
  if (existsSync(overlay)) return overlay;
  mkdirSync(overlays, { recursive: true });
  const making = mkdtempSync(`${overlay}.`);
  try {
    const parameters = ['-m', 'pip', 'install', '--quiet', '--target', making, '--', ...requirements];
    await installed(`the pip packages ${requirements.join(', ')}`, say, () => runProgram('python3', parameters, place));
    renameSync(making, overlay);
  } catch (error) {
    // A draft that stays does no harm.
    removeFolder(making, () => undefined);
    // Another worker has made the same overlay in the meantime. It is as good as ours.
    if (!existsSync(overlay)) throw error;
  }
  return overlay;
}

// Programs name their interpreter by its path, and compiled modules work with one version on one platform only.
const identityProgram = 'import sys, sysconfig; print(sys.executable, sys.version, sysconfig.get_platform())';

// The client's own installer passes over these too (docs/reference/api.md, "Dependencies of a job").
const alwaysPresent = new Set(['dx-toolkit', 'jq', 'python-argcomplete']);
