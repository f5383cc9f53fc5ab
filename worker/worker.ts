// The program in a job's container: it claims one job, prepares its folder, runs its entry point, and reports how it
// ended. Read `runWorker` as the recipe. It reaches the platform only by HTTP.

import { readWorkerEnvironment, type WorkerEnvironment } from './environment.ts';
import { hold, mayBeHeld } from './hold.ts';
import { ask, readText } from './http.ts';
import { createJobLog } from './log.ts';
import { createLogOutput, type LogOutput } from './log-output.ts';
import { type Claim, createPlatform, type Failure, type Platform, PlatformRefusal, type Reported } from './platform.ts';
import { removeFolder } from './remove-folder.ts';
import type { Result } from './result.ts';
import { runJob, type Work } from './run-job.ts';
import { createStopper, watchHeartbeat, watchLifeline, watchSignals } from './stop.ts';

/**
 * Exit status 0: the job is done, or there is nothing to do (the job is another worker's, or its try is over). 1: this
 * worker is broken.
 */
async function runWorker(environment: WorkerEnvironment, output: LogOutput): Promise<void> {
  const stopper = createStopper();
  watchLifeline(environment, stopper);
  watchSignals(stopper);
  const platform = createPlatform(environment.apiUrl);
  const task = environment.task ?? (await taskArn(environment));
  const claim = await claimJob(platform, environment, task);
  if (!claim) return;
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
  const work: Work = { environment, platform, claim, task, log, output, stopper };
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
  // Readers of the log know by this line that the job logs nothing more (engine/log/frame.ts).
  log.line('INFO', 'END_LOG', 'SYSTEM');
  await output.flushed();
  // The report of a held job is repeated: it says that the worker has stopped.
  const isDue = !isEarly || (heldUntil !== undefined && !stopper.lost.aborted);
  if (run.result && isDue) await report(work, run.result);
  clearInterval(heartbeat);
  if (environment.root === '/') return;
  removeFolder(environment.root, (fault) => {
    log.line('NOTICE', `The job's folder remains, because it cannot be removed: ${fault}`, 'SYSTEM');
  });
}

async function claimJob(platform: Platform, environment: WorkerEnvironment, task: string): Promise<Claim | undefined> {
  const { job, try: tryNumber, launch, nonce } = environment;
  try {
    return await platform.claim({ job, try: tryNumber, launch, nonce, task });
  } catch (error) {
    // The job is claimed by another task or doomed, or the launch was given up. There is nothing to do, and nothing is
    // wrong.
    if (error instanceof PlatformRefusal) return undefined;
    throw error;
  }
}

/**
 * The ARN of the task that this worker runs in, which the claim names. Without it, two tasks would count as the same
 * one, and nobody could ask for their state.
 */
async function taskArn(environment: WorkerEnvironment): Promise<string> {
  if (!environment.metadataUrl) throw new Error('the worker was started without ECS_CONTAINER_METADATA_URI_V4');
  const answer = await ask(`${environment.metadataUrl}/task`, { method: 'GET' });
  const { statusCode = 0 } = answer;
  const text = await readText(answer);
  const arn = statusCode >= 200 && statusCode < 300 ? readTaskArn(text) : undefined;
  if (arn !== undefined) return arn;
  throw new Error(
    `the metadata endpoint answered status ${statusCode} without the ARN of a task: ${text.slice(0, 200)}`,
  );
}

function readTaskArn(text: string): string | undefined {
  let task: unknown;
  try {
    task = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const arn = (task as { readonly TaskARN?: unknown } | null)?.TaskARN;
  return typeof arn === 'string' && arn.startsWith('arn:') ? arn : undefined;
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

const output = createLogOutput(process.stdout);
try {
  await runWorker(readWorkerEnvironment(process.env), output);
} catch (error) {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  output.write(`${JSON.stringify({ t: Date.now(), n: 0, l: 'ERROR', s: 'SYSTEM', m: `worker: ${text}` })}\n`);
  process.exitCode = 1;
}
await output.flushed();
process.exit();
