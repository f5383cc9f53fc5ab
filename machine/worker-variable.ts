// The variables of every worker on this machine. The platform's own environment is not passed on.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probeStarter } from '../worker/starter/probe.ts';
import { cacheFolderPath } from './cache-folder.ts';
import { showsProcesses } from './process/leftover-process.ts';
import { pythonFile } from './program-file.ts';
import { StartRefusal } from './start-refusal.ts';

/**
 * @param tools the folder of the dx tools
 * @param overlays the folder of packages that jobs ask for
 * @param jobs the folder in which the folders of jobs are made
 * @throws StartRefusal on a system where a worker that outlives the platform could not be found again
 */
export function workerVariables({
  environment,
  tools,
  overlays,
  jobs,
}: {
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly tools: string;
  readonly overlays: string;
  readonly jobs: string;
}): Readonly<Record<string, string>> {
  if (!showsProcesses()) {
    const reason = 'workers that outlive a killed platform could not be found again';
    throw new StartRefusal(
      `This system has no /proc and no /bin/ps, without which ${reason}: run it on Linux or macOS.`,
    );
  }
  const passedOn = Object.entries(environment).filter(
    ([name, value]) => passedOnNames.test(name) && value !== undefined,
  );
  mkdirSync(jobs, { recursive: true, mode: 0o700 });
  const program = pythonFile('worker/starter/starter.py');
  // The kernel is asked once for all workers.
  const { why, namespaces } = probeStarter({ program, path: `${tools}:${environment.PATH}` }, jobs);
  const isRefused = environment.ESPALIER_JOB_ROOT === 'no';
  return {
    ...(Object.fromEntries(passedOn) as Record<string, string>),
    LANG: 'C.UTF-8',
    ESPALIER_TOOLS: tools,
    ESPALIER_OVERLAYS: overlays,
    NODE_COMPILE_CACHE: join(cacheFolderPath(environment), 'compiled'),
    ESPALIER_STARTER: program,
    ESPALIER_NAMESPACES: namespaces ? 'yes' : 'no',
    ESPALIER_JOB_ROOT: isRefused ? 'ESPALIER_JOB_ROOT is no' : why,
  };
}

/** The variables that workers get from the user's environment. They lead to package indexes, and none names AWS. */
const passedOnNames =
  /^(PATH|TZ|TMPDIR|SSL_CERT_FILE|SSL_CERT_DIR|REQUESTS_CA_BUNDLE|PIP_[A-Z_]+|APT_CONFIG|(HTTPS?|ALL|NO)_PROXY|(https?|all|no)_proxy)$/;
