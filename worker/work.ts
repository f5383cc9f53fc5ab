// Works on one claimed job: prepares its folder, runs its entry point, and reports how it ended. Read `workOn` as the
// recipe.

import { reusableFiles } from './folder.ts';
import { hold, mayBeHeld } from './hold.ts';
import { createJobLog } from './log.ts';
import { type Failure, PlatformRefusal, type Reported } from './platform.ts';
import { removeFolder } from './remove-folder.ts';
import type { Result } from './result.ts';
import { runJob, type Work } from './run-job.ts';
import { watchHeartbeat } from './stop.ts';

/** Everything that a job's worker has before it begins. */
export type Claimed = Omit<Work, 'log'>;

/** Resolves when the job is reported and nothing of it is left. One process may do it again and again. */
export async function workOn(claimed: Claimed): Promise<void> {
  const { environment, platform, claim, output, stopper } = claimed;
  const log = createJobLog({
    job: claim.job,
    try: claim.try,
    limitBytes: claim.limits.logBytes,
    now: Date.now,
    write: output.write,
    onFull: () => stopper.stop(limitFailure(`The job wrote more than ${claim.limits.logBytes} bytes to its log`)),
  });
  log.line('INFO', 'Logging initialized (priority)', 'SYSTEM');
  if (claim.stop) stopper.stop({ failure: { type: claim.stop.reason, message: claim.stop.message } });
  const work: Work = { ...claimed, log };
  const heartbeat = watchHeartbeat(platform, claim, stopper);
  const run = await runJob(work);
  // The platform answers whether it holds the job. Until then nothing of the job is removed.
  const isEarly = mayBeHeld(claim, run.result);
  const heldUntil = isEarly ? (await report(work, run.result))?.heldUntil : undefined;
  if (heldUntil !== undefined) {
    clearInterval(heartbeat);
    await hold(work, run, heldUntil);
  }
  await run.close();
  const cleaning = claimed.starter?.clean(environment.root, reusableFiles(run.folder));
  // Readers of the log know by this line that the job logs nothing more (engine/log/frame.ts).
  log.line('INFO', 'END_LOG', 'SYSTEM');
  await output.flushed();
  // The report of a held job is repeated: it says that the worker has stopped.
  const isDue = !isEarly || (heldUntil !== undefined && !stopper.lost.aborted);
  if (run.result && isDue) await report(work, run.result);
  clearInterval(heartbeat);
  if (environment.root === '/') return;
  await cleaning;
  if (claimed.starter) return;
  removeFolder(environment.root, (fault) => {
    log.line('NOTICE', `The job's folder remains, because it cannot be removed: ${fault}`, 'SYSTEM');
  });
}

function limitFailure(message: string): { failure: Failure } {
  return { failure: { type: 'AppInsufficientResourceError', message: `${message}; it was ended` } };
}

/** The answer; undefined when the result was refused, or is not needed any more. */
async function report(work: Work, result: Result): Promise<Reported | undefined> {
  const { platform, claim, log, stopper } = work;
  try {
    return await platform.finish(claim.token, result, stopper.lost);
  } catch (error) {
    if (!(error instanceof PlatformRefusal)) {
      // The result of a try that was lost is not needed.
      if (stopper.lost.aborted) return undefined;
      throw error;
    }
    if ('output' in result && isAboutContent(error)) {
      const why = error.status === 413 ? 'it is too large: put large results into a file' : error.message;
      const failure = { type: 'OutputError', message: `The output cannot be accepted: ${why}` };
      return report(work, { failure });
    }
    // The try ended in the meantime (terminated, or its tree failed): the platform knows better.
    log.line('NOTICE', `The result was not accepted: ${error.message}`, 'SYSTEM');
    return undefined;
  }
}

/** The output is too large or too deep, which is the job's own doing. Every other refusal is about the try. */
function isAboutContent({ type, status }: PlatformRefusal): boolean {
  return type === 'InvalidInput' || status === 413;
}
