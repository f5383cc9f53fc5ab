// The Python environment of jobs: a virtual environment with dxpy, in the cache, shared by all data folders.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder, cacheFolderPath, type Thing } from './cache-folder.ts';
import { StartRefusal } from './start-refusal.ts';

const run = promisify(execFile);

/**
 * Returns the environment's folder of programs (`dx`, `python3` …).
 * @param say gets a line when the environment is not in the cache
 * @throws StartRefusal when there is no usable Python, no venv module, or dxpy cannot be installed.
 */
export async function preparePythonEnvironment(
  environment: Readonly<NodeJS.ProcessEnv> = process.env,
  say: Thing['say'] = () => undefined,
): Promise<{ bin: string }> {
  const cache = cacheFolderPath(environment);
  const python = await findPython(environment);
  const key = createHash('sha256').update(`${python.path}\n${python.version}\n${dxpy}`).digest('hex').slice(0, 20);
  const target = join(cache, `python-${key}`);
  const thing = { what: `a Python environment with ${dxpy} from PyPI`, kind: 'python', key, say };
  const folder = await cachedFolder(cache, thing, async (draft) => {
    await makeEnvironment(python.path, draft);
    await installDxpy(draft, environment);
    renameInPrograms(draft, target);
  });
  return { bin: join(folder, 'bin') };
}

async function findPython(environment: Readonly<NodeJS.ProcessEnv>): Promise<{ path: string; version: string }> {
  const wanted = environment.ESPALIER_PYTHON;
  for (const path of wanted ? [wanted] : pythonCandidates) {
    const version = await versionOf(path);
    if (version) return { path, version };
  }
  const oldest = oldestPython.join('.');
  throw new StartRefusal(
    wanted
      ? `ESPALIER_PYTHON names ${wanted}, which does not run as Python ${oldest} or newer.`
      : `No Python ${oldest} or newer was found: install python3, or name one by ESPALIER_PYTHON.`,
  );
}

async function versionOf(path: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(path, ['--version'], { timeout: probeLimitMs });
    const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(stdout) ?? [];
    const fits = Number(major) === oldestPython[0] && Number(minor) >= oldestPython[1];
    return fits ? stdout.trim() : undefined;
  } catch {
    return undefined;
  }
}

async function makeEnvironment(python: string, folder: string): Promise<void> {
  try {
    await run(python, ['-m', 'venv', folder], { timeout: installLimitMs });
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const isMissing = /ensurepip|No module named '?venv/.test(stdout + stderr);
    throw new StartRefusal(
      isMissing
        ? `${python} has no venv module: install it (Debian and Ubuntu: apt install python3-venv).`
        : `A virtual environment of ${python} cannot be made: ${lastLine(stderr || stdout)}.`,
      { cause },
    );
  }
}

async function installDxpy(folder: string, environment: Readonly<NodeJS.ProcessEnv>): Promise<void> {
  const python = join(folder, 'bin', 'python3');
  const options = ['--disable-pip-version-check', '--no-input', '--quiet'];
  try {
    await run(python, ['-m', 'pip', 'install', ...options, dxpy], { timeout: installLimitMs, env: environment });
  } catch (cause) {
    const { stderr = '' } = cause as { stderr?: string };
    const why = lastLine(stderr) || 'pip did not end in time';
    throw new StartRefusal(`${dxpy} cannot be installed from PyPI (${why}): connect to it, or set PIP_INDEX_URL.`, {
      cause,
    });
  }
}

/** Scripts name their interpreter by its path, which changes when the folder gets its final name. */
function renameInPrograms(draft: string, target: string): void {
  const programs = readdirSync(join(draft, 'bin')).map((name) => join(draft, 'bin', name));
  for (const path of programs.filter((program) => lstatSync(program).isFile())) {
    const text = readFileSync(path, 'latin1');
    if (text.includes(draft)) writeFileSync(path, text.replaceAll(draft, target), 'latin1');
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

const dxpy = 'dxpy==0.417.1';
const oldestPython = [3, 8] as const;
/** Tried in this order. A name on the PATH may be only a shim that fails. */
const pythonCandidates = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python3.9', 'python'];
const probeLimitMs = 10_000;
const installLimitMs = 240_000;
