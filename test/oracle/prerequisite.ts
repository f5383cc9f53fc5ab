// Finds the programs that the oracles need on this machine: Java, Maven, and a Python that LocalStack runs on.

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Prerequisites = { readonly python: Python; readonly java: Java };
export type Python = { readonly command: string; readonly version: string };
export type Java = { readonly command: string; readonly home: string };

const minimumJava = 17;
/** LocalStack 4.14 imports a part of `warnings` that Python has since 3.13. It was not tried on a newer Python. */
const pythonMinor = 13;
const probeLimitMs = 30_000;

/** @returns the programs, or one sentence that says what to install. */
export function findPrerequisites(): Prerequisites | { readonly missing: string } {
  const java = findJava();
  if (typeof java === 'string') return { missing: java };
  if (outputOf('mvn', ['--version']) === undefined) {
    return { missing: 'The oracles need Maven: install it so that `mvn --version` answers.' };
  }
  const python = findPython();
  return typeof python === 'string' ? { missing: python } : { java, python };
}

function findJava(): Java | string {
  const told = outputOf('java', ['-XshowSettings:properties', '-version']) ?? '';
  const home = /^\s*java\.home = (.*)$/m.exec(told)?.[1];
  const version = Number(/^\s*java\.specification\.version = (\d+)/m.exec(told)?.[1] ?? 0);
  if (home === undefined || version < minimumJava) {
    const found = home === undefined ? 'none was found' : `${version} was found`;
    return `The oracles need Java ${minimumJava} or newer, and ${found}: install a JDK or JRE.`;
  }
  return { command: join(home, 'bin', 'java'), home };
}

/** A `python3.13` on the PATH may be a shim that fails, so a Python counts only if it answers. */
function findPython(): Python | string {
  const override = process.env.ESPALIER_ORACLE_PYTHON;
  const candidates = override ? [override] : [`python3.${pythonMinor}`, 'python3', ...pyenv()];
  for (const command of candidates) {
    const [, version, minor] = /^Python (3\.(\d+)\.\S+)/.exec(outputOf(command, ['--version']) ?? '') ?? [];
    const fits = override ? Number(minor) >= pythonMinor : Number(minor) === pythonMinor;
    if (version !== undefined && fits) return { command, version };
  }
  const found = override ? `${override} (ESPALIER_ORACLE_PYTHON) is none` : 'none was found';
  return `The oracles need Python 3.${pythonMinor}, and ${found}: install one, or name it by ESPALIER_ORACLE_PYTHON.`;
}

function pyenv(): string[] {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  try {
    const names = readdirSync(versions).filter((name) => new RegExp(`^3\\.${pythonMinor}\\.\\d+$`).test(name));
    return names.map((name) => join(versions, name, 'bin', 'python3'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The output of a command on both streams, or `undefined` when it is absent or fails. */
function outputOf(command: string, parameters: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: 'utf8', timeout: probeLimitMs });
  return status === 0 ? stdout + stderr : undefined;
}
