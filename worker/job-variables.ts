// Builds the environment of the job's process (docs/reference/api.md, "Variables of a job") from scratch, so that the
// worker's variables do not leak into it.

import { join } from 'node:path';
import type { WorkerEnvironment } from './environment.ts';
import type { JobFolder } from './folder.ts';
import type { Claim } from './platform.ts';

export type Variables = Readonly<Record<string, string>>;

/**
 * All variables except the token: these may be written to the `environment` file. `pip` are folders of packages that
 * pip installed for the job.
 */
export function jobVariables(
  environment: WorkerEnvironment,
  folder: JobFolder,
  claim: Claim,
  pip: readonly string[],
): Variables {
  const api = new URL(environment.apiUrl);
  const port = api.port || (api.protocol === 'https:' ? '443' : '80');
  const { seen } = folder;
  const own = seen.root === '/' ? [] : [join(seen.root, 'usr/local/bin'), join(seen.root, 'usr/bin')];
  const installed = [...pip.map((folder) => join(folder, 'bin')), ...(environment.tools ? [environment.tools] : [])];
  // The resources of an applet lie in the usual folders, whatever the path of the user is.
  const usual =
    folder.root === seen.root ? [] : usualFolders.filter((one) => !environment.path.split(':').includes(one));
  const path = [seen.programs, ...own, ...installed, environment.path, ...usual];
  return {
    HOME: seen.home,
    USER: 'dnanexus',
    LOGNAME: 'dnanexus',
    LANG: 'C.UTF-8',
    TMPDIR: join(seen.root, 'tmp'),
    PATH: path.join(':'),
    ...(pip.length > 0 ? { PYTHONPATH: pip.join(':') } : {}),
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'UTF-8',
    // Packages that pip installs land in the job's folder.
    ...(folder.root === seen.root ? {} : { PIP_BREAK_SYSTEM_PACKAGES: '1' }),
    ESPALIER_ROOT: seen.root,
    // The folder of its files, for the user of the machine.
    ...(folder.root === '/' ? {} : { ESPALIER_FOLDER: folder.root }),
    ...(environment.taskId ? { ESPALIER_TASK_ID: environment.taskId } : {}),
    DX_JOB_ID: claim.job,
    DX_WORKSPACE_ID: claim.workspace,
    DX_PROJECT_CONTEXT_ID: claim.project,
    ...(claim.resources ? { DX_RESOURCES_ID: claim.resources } : {}),
    ...(claim.projectCache ? { DX_PROJECT_CACHE_ID: claim.projectCache } : {}),
    DX_APISERVER_PROTOCOL: api.protocol.slice(0, -1),
    DX_APISERVER_HOST: api.hostname,
    DX_APISERVER_PORT: port,
  };
}

/** The job's own token: a variable of its process, never a file. */
export function secretVariables(claim: Claim): Variables {
  return { DX_SECURITY_CONTEXT: JSON.stringify({ auth_token_type: 'Bearer', auth_token: claim.token }) };
}

/** One word for a POSIX shell that means exactly this text. */
export function shellWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const usualFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
