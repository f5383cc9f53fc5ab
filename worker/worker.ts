// The program in a job's container: it claims one job, prepares its folder, runs its entry point, and reports how it
// ended. Read `runWorker` as the recipe. It reaches the platform only by HTTP.

import { unpackBundles } from './bundle.ts';
import { findConfinement } from './confinement.ts';
import { readWorkerEnvironment, type WorkerEnvironment } from './environment.ts';
import { provideDependencies } from './exec-depends.ts';
import { type JobFolder, layOutFolder } from './folder.ts';
import { ask, readText } from './http.ts';
import { prepareBash } from './interpreter/bash.ts';
import { preparePython } from './interpreter/python.ts';
import { startJobProcess } from './job-process.ts';
import { jobVariables, secretVariables, type Variables } from './job-variables.ts';
import { createJobLog, type JobLog } from './log.ts';
import { createLogOutput, type LogOutput } from './log-output.ts';
import { startLogRelay } from './log-relay.ts';
import { type Claim, createPlatform, type Failure, type Platform, PlatformRefusal } from './platform.ts';
import { removeFolder } from './remove-folder.ts';
import { type Result, readResult } from './result.ts';
import { createStopper, type Stopper, watchFolder, watchHeartbeat, watchLifeline, watchSignals } from './stop.ts';

/**
 * Exit status 0: the job is done, or there is nothing to do (the job is another worker's, or its try is over). 1: this
 * worker is broken.
 */
async function runWorker(environment: WorkerEnvironment, output: LogOutput): Promise<void> {
  const stopper = createStopper();
  watchLifeline(environment, stopper);
  watchSignals(stopper);
  const platform = createPlatform(environment.apiUrl);
  const claim = await claimJob(platform, environment);
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
  const heartbeat = watchHeartbeat(platform, claim, stopper);
  const result = await runJob(environment, platform, claim, { log, output }, stopper);
  // Readers of the log know by this line that the job logs nothing more (engine/log/frame.ts).
  log.line('INFO', 'END_LOG', 'SYSTEM');
  await output.flushed();
  if (result) await report(platform, claim, result, log, stopper.lost);
  clearInterval(heartbeat);
  if (environment.root === '/') return;
  removeFolder(environment.root, (fault) => {
    log.line('NOTICE', `The job's folder remains, because it cannot be removed: ${fault}`, 'SYSTEM');
  });
}

async function claimJob(platform: Platform, environment: WorkerEnvironment): Promise<Claim | undefined> {
  const { job, try: tryNumber, launch, nonce } = environment;
  try {
    return await platform.claim({ job, try: tryNumber, launch, nonce, task: await taskArn(environment) });
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

/** Undefined when the try is no longer this worker's to report. */
async function runJob(
  environment: WorkerEnvironment,
  platform: Platform,
  claim: Claim,
  printed: Printed,
  stopper: Stopper,
): Promise<Result | undefined> {
  const folder = layOutFolder(environment.root, claim);
  const watch = environment.root === '/' ? undefined : watchFolder(folder.root, claim.limits.folderBytes, stopper);
  const prepared = await prepare(environment, platform, claim, folder, printed.log, stopper.over).catch(asFailure);
  const isReady = 'command' in prepared && !stopper.current();
  const result = isReady ? await runCode(environment, claim, folder, prepared, printed, stopper) : prepared;
  clearInterval(watch);
  // Whatever the code returned: if the job was stopped, the reason for that is why it ended.
  const stopped = stopper.current();
  if (stopped) return stopped.failure && { failure: stopped.failure };
  return 'command' in result ? undefined : result;
}

type Printed = { readonly log: JobLog; readonly output: LogOutput };
type Prepared = { readonly command: readonly string[]; readonly variables: Variables };

/**
 * Rejects when a part cannot be provided. When `over` is aborted it rejects early, with an Error that carries no
 * further meaning.
 */
async function prepare(
  environment: WorkerEnvironment,
  platform: Platform,
  claim: Claim,
  folder: JobFolder,
  log: JobLog,
  over: AbortSignal,
): Promise<Prepared> {
  describeRelease(claim, log);
  for (const note of claim.notes) log.line('INFO', note, 'SYSTEM');
  const programs = { PATH: environment.path, ESPALIER_TASK_ID: environment.taskId };
  for (const name of await unpackBundles(platform, claim, folder, { environment: programs, over }))
    log.line('INFO', `Unpacked ${name}`, 'SYSTEM');
  const overlay = await provideDependencies(environment, claim, over);
  const variables = jobVariables(environment, folder, claim, overlay);
  return { command: await commandFor(folder, claim, variables, over), variables };
}

function asFailure(error: unknown): { failure: Failure } {
  return { failure: { type: 'ExecutionError', message: error instanceof Error ? error.message : String(error) } };
}

async function runCode(
  environment: WorkerEnvironment,
  claim: Claim,
  folder: JobFolder,
  { command, variables }: Prepared,
  { log, output }: Printed,
  stopper: Stopper,
): Promise<Result> {
  const confinement = findConfinement(environment.root, environment.namespaces);
  const logFolder = claim.runSpec.interpreter === 'bash' ? undefined : confinement.logFolder;
  const relay = logFolder ? await startLogRelay(logFolder, variables.PATH ?? '', log, output) : undefined;
  const jobProcess = startJobProcess({
    command: confinement.wrap(command, relay ? logFolder : undefined),
    home: folder.home,
    variables: { ...variables, ...secretVariables(claim) },
    jobId: claim.job,
    contained: confinement.namespaces,
    log,
    output,
  });
  stopper.onStop((reason) => jobProcess.stop({ atOnce: !reason.failure }));
  const end = await jobProcess.ended;
  await relay?.end();
  return readResult(folder.home, end, claim.limits.messageCharacters);
}

async function commandFor(folder: JobFolder, claim: Claim, variables: Variables, over: AbortSignal): Promise<string[]> {
  const { interpreter } = claim.runSpec;
  if (interpreter === 'bash') return prepareBash(folder, claim, { variables, secrets: secretVariables(claim) }, over);
  if (interpreter === 'python3') return preparePython(folder);
  throw new Error(`runSpec.interpreter is "${interpreter}"; this worker runs bash and python3`);
}

function describeRelease(claim: Claim, log: JobLog): void {
  const { distribution, release } = claim.runSpec;
  if (!release) return;
  log.line(
    'INFO',
    `The executable asks for ${distribution ?? 'Ubuntu'} ${release}; it runs on the default worker`,
    'SYSTEM',
  );
}

function limitFailure(message: string): { failure: Failure } {
  return { failure: { type: 'AppInsufficientResourceError', message: `${message}; it was ended` } };
}

async function report(platform: Platform, claim: Claim, result: Result, log: JobLog, lost: AbortSignal): Promise<void> {
  try {
    await platform.finish(claim.token, result, lost);
  } catch (error) {
    if (!(error instanceof PlatformRefusal)) {
      // The result of a try that was lost is not needed.
      if (lost.aborted) return;
      throw error;
    }
    if ('output' in result && isAboutContent(error)) {
      const why = error.status === 413 ? 'it is too large: put large results into a file' : error.message;
      const failure = { type: 'OutputError', message: `The output cannot be accepted: ${why}` };
      return report(platform, claim, { failure }, log, lost);
    }
    // The try ended in the meantime (terminated, or its tree failed): the platform knows better.
    log.line('NOTICE', `The result was not accepted: ${error.message}`, 'SYSTEM');
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
