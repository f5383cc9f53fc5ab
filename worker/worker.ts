// The program in a job's container: it claims one job, works on it, and ends. Read `runWorker` as the recipe. It reaches
// the platform only by HTTP.

import { readWorkerEnvironment, type WorkerEnvironment } from './environment.ts';
import { ask, readText } from './http.ts';
import { createLogOutput, type LogOutput } from './log-output.ts';
import { type Claim, createPlatform, type Platform, PlatformRefusal } from './platform.ts';
import { createStopper, watchLifeline, watchSignals } from './stop.ts';
import { workOn } from './work.ts';

/**
 * Exit status 0: the job is done, or there is nothing to do (the job is another worker's, or its try is over). 1: this
 * worker is broken.
 */
async function runWorker(environment: WorkerEnvironment, output: LogOutput): Promise<void> {
  const stopper = createStopper();
  watchLifeline(environment, stopper);
  watchSignals(stopper);
  const platform = createPlatform(environment.apiUrl);
  const task = await taskArn(environment);
  const claim = await claimJob(platform, environment, task);
  if (claim) await workOn({ environment, platform, claim, task, output, stopper });
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
