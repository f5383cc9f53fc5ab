// Says at the start of a job what its code will miss: Docker and dxfuse, which workers of this platform do not have.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Group } from './wanted.ts';

/** @throws Error for packages that are of no use without a service of the machine */
export function refuseServices(groups: readonly Group[]): void {
  const names = groups.flatMap(({ manager, packages }) => (manager === 'apt' ? packages.map(({ name }) => name) : []));
  const found = names.filter((name) => dockerPackages.has(name));
  if (found.length > 0)
    throw new Error(
      `execDepends asks for ${found.join(', ')}, and jobs get no Docker daemon on this platform: ${instead}`,
    );
}

/**
 * Sentences about what the code calls and will not find.
 *
 * @param path the PATH of the worker
 */
export function missingServices(code: string, path: string): string[] {
  const found = services.filter(({ word, form }) => code.includes(word) && form.test(code));
  return found.filter(({ program }) => program === undefined || !isOn(path, program)).map(({ sentence }) => sentence);
}

function isOn(path: string, program: string): boolean {
  return path.split(':').some((folder) => existsSync(join(folder, program)));
}

const instead = 'install its tools by execDepends or from an asset';
const dockerPackages = new Set(['docker', 'docker.io', 'docker-ce', 'docker-ce-cli', 'docker-engine', 'containerd.io']);
/** Lines of the code that call the program. The word is looked for first, because that costs next to nothing. */
const services = [
  {
    word: 'docker',
    program: undefined,
    form: /^[^#\n]*\b(dx-)?docker["'\]]?[\s,]+["']?(run|pull|load|build|exec|create|add-to-applet)\b/m,
    sentence: `The code calls docker, and jobs get no Docker daemon on this platform: ${instead}`,
  },
  {
    word: 'dx-mount-all-inputs',
    program: 'dxfuse',
    form: /^[^#\n]*\bdx-mount-all-inputs\b/m,
    sentence:
      'The code calls dx-mount-all-inputs, which needs dxfuse, and is not on this machine: use dx-download-all-inputs',
  },
] as const;
