// Keeps a job that failed and is to be debugged: the worker goes on as before, says in the log how to enter the job,
// and waits until the hold is over (docs/reference/api.md, "Debug hold").

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enterProgram } from './enter.ts';
import type { WorkerEnvironment } from './environment.ts';
import type { JobFolder } from './folder.ts';
import { shellWord } from './job-variables.ts';
import type { Claim, Failure } from './platform.ts';
import type { Result } from './result.ts';
import { keeperKey, type Run, type Work } from './run-job.ts';
import { createStopper, watchHeartbeat } from './stop.ts';

/** Whether the platform may hold the job after this result. It decides when the result is reported. */
export function mayBeHeld(claim: Claim, result: Result | undefined): result is { readonly failure: Failure } {
  return result !== undefined && 'failure' in result && claim.debugOn.includes(result.failure.type);
}

/**
 * Resolves when the hold is over. A platform or a machine that ends also ends it.
 *
 * @param until when the platform ends it, in milliseconds since 1970
 */
export async function hold(work: Work, run: Run, until: number): Promise<void> {
  const { environment, platform, claim, task, log, stopper } = work;
  await run.keep();
  if (environment.root === '/') writeEnterProgram(run.folder, keeperKey(task));
  const say = (text: string) => log.line('NOTICE', text, 'SYSTEM');
  if (run.result && 'failure' in run.result)
    say(`The job failed with ${run.result.failure.type}: ${run.result.failure.message}`);
  say(`Its run asks to debug that. The job is held, with its folder, until ${new Date(until).toISOString()}`);
  say(`To enter it: ${wayIn(environment, claim.job, task)}`);
  say(`To end the hold earlier: dx api ${claim.job} release (the job fails), or dx terminate ${claim.job}`);
  const end = createStopper();
  stopper.lost.addEventListener('abort', () => end.stop({}));
  if (stopper.lost.aborted) end.stop({});
  const heartbeat = watchHeartbeat(platform, claim, end);
  await new Promise<void>((resolve) => end.onStop(() => resolve()));
  clearInterval(heartbeat);
  say('The hold is over');
}

function writeEnterProgram(folder: JobFolder, key: string): void {
  const text = `#!/bin/bash\nset -- ${shellWord(key)} "$@"\n${enterProgram}`;
  writeFileSync(join(folder.programs, enterName), text, { mode: 0o755 });
}

function wayIn({ root }: WorkerEnvironment, job: string, task: string): string {
  if (root !== '/') return `espalier enter ${job}`;
  const [, , , region = '', , place = ''] = task.split(':');
  const [, cluster = ''] = place.split('/');
  const where = `--region ${region} --cluster ${cluster} --task ${task} --container worker`;
  return `aws ecs execute-command ${where} --interactive --command /opt/espalier/bin/${enterName}`;
}

const enterName = 'enter';
