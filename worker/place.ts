// Finds the place of a job: a container, a `/` of its own, or the machine's files. The place is found once for a machine,
// because it depends on the kernel, on the user and on the disk of the jobs' folders.

import { dirname, join } from 'node:path';
import { canUnshare } from './confinement.ts';
import type { WorkerEnvironment } from './environment.ts';
import type { StarterOptions } from './starter/link.ts';
import { probeStarter } from './starter/probe.ts';

export type Place =
  /** The container's `/` is the job's. */
  | { readonly kind: 'container'; readonly namespaces: boolean }
  /** The job's folder is its `/`, above the machine's files. */
  | { readonly kind: 'root' }
  /** The job sees the machine's `/`. With namespaces, none of its processes can outlive it. */
  | { readonly kind: 'machine'; readonly namespaces: boolean; readonly why: string };

export function findPlace(environment: WorkerEnvironment): Place {
  const { root, namespaces, jobRoot } = environment;
  if (root === '/') return { kind: 'container', namespaces: namespaces ?? canUnshare() };
  if (namespaces === false) return { kind: 'machine', namespaces, why: jobRoot ?? noNamespaces };
  if (jobRoot === 'yes') return { kind: 'root' };
  if (jobRoot !== undefined) return { kind: 'machine', namespaces: namespaces === true, why: jobRoot };
  const found = probeStarter(starterOptions(environment), dirname(root));
  return found.why === 'yes' ? { kind: 'root' } : { kind: 'machine', ...found };
}

/** The settings of the program that starts jobs, from those of its worker. */
export function starterOptions(environment: StarterEnvironment): StarterOptions {
  const { starter, tools, path, taskId, overlays, slot } = environment;
  return {
    program: starter ?? join(import.meta.dirname, 'starter', 'starter.py'),
    path: tools ? `${tools}:${path}` : path,
    marks: {
      ...(taskId ? { ESPALIER_TASK_ID: taskId } : {}),
      ...(overlays ? { ESPALIER_OVERLAYS: overlays } : {}),
      ...(slot ? { ESPALIER_SLOT: slot } : {}),
    },
  };
}

type StarterEnvironment = Pick<WorkerEnvironment, 'starter' | 'tools' | 'path' | 'taskId' | 'overlays' | 'slot'>;

const noNamespaces = 'the kernel gives jobs no namespaces of their own';
