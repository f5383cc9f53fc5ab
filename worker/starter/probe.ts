// Asks what the kernel gives to the jobs of this user whose folders lie on this disk.

import { spawnSync } from 'node:child_process';
import type { StarterOptions } from './link.ts';

export type Probe = {
  /** `yes` if a job gets a `/` of its own, else the reason. */
  readonly why: string;
  /** Whether a job gets namespaces of its own in any case. */
  readonly namespaces: boolean;
};

/**
 * @param folder where the folders of jobs are made
 * @param system the name of this system, as Node has it
 */
export function probeStarter(
  { program, path }: Omit<StarterOptions, 'marks'>,
  folder: string,
  system: NodeJS.Platform = process.platform,
): Probe {
  if (system !== 'linux') return { why: 'only Linux gives one', namespaces: false };
  const options = { env: { PATH: path }, encoding: 'utf8', timeout: probeLimitMs } as const;
  const { error, status, stdout, stderr } = spawnSync('python3', ['-I', '-S', '-B', program, 'probe', folder], options);
  if (error || status !== 0) {
    const why = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
    return { why: `the program that starts jobs does not run: ${why}`, namespaces: false };
  }
  const { root, namespaces, reason } = JSON.parse(stdout) as { root: boolean; namespaces: boolean; reason: string };
  return { why: root ? 'yes' : reason, namespaces };
}

const probeLimitMs = 20_000;
