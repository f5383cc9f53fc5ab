// execDepends on a machine that is not the job's own (design.md §4): pip packages go into an overlay kept for the same
// list; apt packages must be present; anything else fails the job, named. In a container apt packages are installed.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkerEnvironment } from './environment.ts';
import type { Claim, Dependency } from './platform.ts';
import { runProgram } from './program.ts';

// The client's own installer passes over these too (dx-api.md §10.6).
const alwaysPresent = new Set(['dx-toolkit', 'jq', 'python-argcomplete']);

/** Returns variables for the job's process. Throws an Error that names the package which cannot be had. */
export async function provideDependencies(
  environment: WorkerEnvironment,
  claim: Claim,
  over: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const wanted = (claim.runSpec.execDepends ?? []).filter(
    (one) => (one.stages === undefined || one.stages.includes(claim.function)) && !isAlwaysPresent(one),
  );
  const pip = wanted.filter((one) => one.package_manager === 'pip' || one.package_manager === 'pip3');
  const apt = wanted.filter((one) => (one.package_manager ?? 'apt') === 'apt');
  const other = wanted.filter((one) => !pip.includes(one) && !apt.includes(one));
  if (other[0]) {
    throw new Error(
      `execDepends asks for ${other[0].name} through ${other[0].package_manager}; this worker provides pip packages and apt packages`,
    );
  }
  for (const one of apt) await provideAptPackage(environment, one, over);
  return pip.length > 0 ? { PYTHONPATH: await providePipOverlay(environment, pip, over) } : {};
}

function isAlwaysPresent(one: Dependency): boolean {
  return (one.package_manager ?? 'apt') === 'apt' && alwaysPresent.has(one.name);
}

async function provideAptPackage(environment: WorkerEnvironment, one: Dependency, over: AbortSignal): Promise<void> {
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(one.name))
    throw new Error(`execDepends: "${one.name}" is not the name of an apt package`);
  if (environment.root === '/') {
    const version = one.version ? `=${one.version}` : '';
    await runProgram('apt-get', ['install', '--yes', '--no-install-recommends', `${one.name}${version}`], {
      environment: { ...environment.inherited, DEBIAN_FRONTEND: 'noninteractive' },
      over,
    });
    return;
  }
  const status = await runProgram('dpkg', ['-s', one.name], { environment: environment.inherited, over }).catch(
    () => 'absent',
  );
  if (!/^Status: .* installed$/m.test(status)) {
    throw new Error(
      `execDepends asks for the apt package ${one.name}, which is not on this machine, and nothing is installed on it; ` +
        `install it yourself (apt-get install ${one.name}) and run again`,
    );
  }
}

async function providePipOverlay(
  environment: WorkerEnvironment,
  packages: readonly Dependency[],
  over: AbortSignal,
): Promise<string> {
  const requirements = packages.map((one) => (one.version ? `${one.name}==${one.version}` : one.name));
  const bad = requirements.find((one) => one.startsWith('-'));
  if (bad) throw new Error(`execDepends: "${bad}" is not the name of a Python package`);
  // Loaded here: most jobs ask for no package, and loading it costs a worker as much as all its own code.
  const { createHash } = await import('node:crypto');
  const digest = createHash('sha256').update(JSON.stringify(requirements)).digest('hex').slice(0, 24);
  const overlay = join(environment.overlays ?? join(environment.root, 'opt/espalier/overlay'), digest);
  if (existsSync(overlay)) return overlay;
  const making = `${overlay}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  const path = environment.tools ? `${environment.tools}:${environment.path}` : environment.path;
  await runProgram('python3', ['-m', 'pip', 'install', '--quiet', '--target', making, '--', ...requirements], {
    environment: { ...environment.inherited, PATH: path },
    over,
  });
  try {
    renameSync(making, overlay);
  } catch (error) {
    // Another worker made the same overlay in the meantime: its work is as good.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(overlay)) throw error;
  }
  return overlay;
}
