// A workspace is named by its master job and try, so it needs no row: the id leads to the job, and back.

import { idAlphabet } from './derive.ts';
import type { AnalysisId, ContainerId, JobId } from './identifier.ts';

/** The number of tries that two characters of base 32 can count. */
export const maximumTry = idAlphabet.length ** 2 - 1;

/** The workspace of one try of a master job: the job's first 22 characters, then the try in base 32. */
export function workspaceId(master: JobId, attempt: number): ContainerId {
  if (!Number.isInteger(attempt) || attempt < 0 || attempt > maximumTry) {
    throw new RangeError(`a try is an integer from 0 to ${maximumTry}, not ${attempt}`);
  }
  const high = idAlphabet[attempt >> 5];
  const low = idAlphabet[attempt & 31];
  return `container-${master.slice('job-'.length, -2)}${high}${low}`;
}

/** The container that an analysis shows as its workspace. Stages have workspaces of their own, so nothing is in it. */
export function workspaceOfAnalysis(analysis: AnalysisId): ContainerId {
  return `container-${analysis.slice('analysis-'.length)}`;
}

/**
 * The master job and try that a container would belong to if it is a workspace. Undefined when its last two characters
 * are not a try. Other kinds of containers have rows of their own: look there when that job does not exist.
 */
export function masterOfWorkspace(container: ContainerId): { master: JobId; try: number } | undefined {
  const high = idAlphabet.indexOf(container.at(-2) ?? '');
  const low = idAlphabet.indexOf(container.at(-1) ?? '');
  if (high < 0 || low < 0) return undefined;
  return { master: `job-${container.slice('container-'.length, -2)}00`, try: high * idAlphabet.length + low };
}
