// Runs a claimed job up to the end of its code: prepares its folder, starts its entry point, and reads the result. What
// the code has left behind stays until the run is closed.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { unpackBundles } from './bundle.ts';
import { confinedCommand } from './confinement.ts';
import { missingServices } from './depends/docker.ts';
import type { Provided } from './depends/provide.ts';
import { shownFolders } from './depends/shell.ts';
import { keeperVariable } from './enter.ts';
import type { WorkerEnvironment } from './environment.ts';
import { environmentName, type JobFolder, jobPrograms, layOutFolder, writePrograms } from './folder.ts';
import { prepareBash } from './interpreter/bash.ts';
import { preparePython } from './interpreter/python.ts';
import { type JobEnd, type JobProcess, keptCommand, startJobProcess } from './job-process.ts';
import { jobVariables, secretVariables, type Variables } from './job-variables.ts';
import type { JobLog } from './log.ts';
import type { LogOutput } from './log-output.ts';
import { logSocketFolder, startLogRelay } from './log-relay.ts';
import { machineNotes } from './machine-note.ts';
import { findPlace, type Place, starterOptions } from './place.ts';
import type { Claim, Failure, Platform } from './platform.ts';
import { refuseResources } from './resource-place.ts';
import { type Result, readResult } from './result.ts';
import { sayIfSlow } from './slow-step.ts';
import { createStarter, type Starter } from './starter/starter.ts';
import { type Stopper, watchFolder } from './stop.ts';

/** Everything that the steps of a worker share. */
export type Work = {
  readonly environment: WorkerEnvironment;
  readonly platform: Platform;
  readonly claim: Claim;
  /** The handle of the worker's task: in a container, its ARN. */
  readonly task: string;
  readonly log: JobLog;
  readonly output: LogOutput;
  readonly stopper: Stopper;
  /** The code may begin when it resolves. Until then the claim may be lost. Absent when the claim is kept already. */
  readonly begun?: Promise<void>;
  /** Starts the jobs of this process, where they get namespaces. A job without it gets one of its own. */
  readonly starter?: Starter;
};

/** A job whose code has ended. */
export type Run = {
  /** Undefined when the try is no longer this worker's to report. */
  readonly result: Result | undefined;
  readonly folder: JobFolder;
  /** Starts processes in the place of the code if none of its own are left, so that the job can be entered. */
  keep(): Promise<void>;
  /** Ends what is left of the job. */
  close(): Promise<void>;
};

export async function runJob(work: Work): Promise<Run> {
  const { environment, claim, stopper } = work;
  const place = findPlace(environment);
  const starter = hasNamespaces(place) ? (work.starter ?? createStarter(starterOptions(environment))) : undefined;
  const folder = layOutFolder(environment.root, claim, place);
  const programs = jobPrograms(place);
  const isKept = work.starter !== undefined && mayKeepRoot(place, claim);
  if (!isKept) writePrograms(environment.root, programs);
  const ground: Ground = { place, starter, folder, ...(isKept ? { programs } : {}) };
  const watch = environment.root === '/' ? undefined : watchFolder(folder.root, claim.limits.folderBytes, stopper);
  const prepared = await prepare(work, ground).catch(asFailure);
  // It may be that of an earlier job.
  if ('failure' in prepared) rmSync(join(folder.home, environmentName), { force: true });
  await work.begun;
  let code = 'command' in prepared && !stopper.current() ? await startCode(work, ground, prepared) : undefined;
  if (code) stopper.onStop((reason) => code?.process.stop({ atOnce: !reason.failure }));
  const ended = await code?.process.ended;
  clearInterval(watch);
  if (claim.debugOn.length === 0) await code?.close();
  return {
    folder,
    result: resultOf(work, folder, prepared, ended),
    async keep() {
      if (code?.process.isThere()) return;
      await code?.close();
      code = await startCode(work, ground, {
        command: ['true'],
        variables: jobVariables(environment, folder, claim, []),
        layers: [],
      });
    },
    async close() {
      await code?.close();
      if (work.starter === undefined) await starter?.close();
    },
  };
}

/** The place and the folder of the job, and the program that starts it. */
type Ground = {
  readonly place: Place;
  readonly folder: JobFolder;
  readonly starter: Starter | undefined;
  /** Our programs, if they are not in the folder. */
  readonly programs?: Readonly<Record<string, string>>;
};

/** Whether a later job can get the same `/`, because nothing is put there for this one. */
function mayKeepRoot(place: Place, { runSpec, debugOn }: Claim): boolean {
  const { bundledDepends = [], execDepends = [], dependencies = [] } = runSpec;
  const added = [bundledDepends, execDepends, dependencies, debugOn];
  return place.kind === 'root' && added.every((list) => list.length === 0);
}

function hasNamespaces(place: Place): boolean {
  return place.kind === 'root' || (place.kind === 'machine' && place.namespaces);
}

/** If the job was stopped, the reason for that is why it ended, whatever its code returned. */
function resultOf(
  { claim, stopper }: Work,
  folder: JobFolder,
  prepared: Prepared | { readonly failure: Failure },
  ended: JobEnd | undefined,
): Result | undefined {
  const stopped = stopper.current();
  if (stopped) return stopped.failure && { failure: stopped.failure };
  if (ended) return readResult(folder.home, ended, claim.limits.messageCharacters);
  return 'failure' in prepared ? prepared : undefined;
}

type Prepared = {
  readonly command: readonly string[];
  readonly variables: Variables;
  readonly layers: Provided['layers'];
};

/**
 * Rejects when a part cannot be provided. When the job is stopped it rejects early, with an Error that carries no
 * further meaning.
 */
async function prepare(work: Work, ground: Ground): Promise<Prepared> {
  const { environment, platform, claim, log, stopper } = work;
  const { place, folder } = ground;
  const { over } = stopper;
  describeRelease(claim, log);
  if (place.kind === 'machine') log.line('INFO', `${withoutRoot} (${place.why}): HOME is ${folder.home}`, 'SYSTEM');
  for (const note of claim.notes) log.line('INFO', note, 'SYSTEM');
  if (place.kind !== 'container') for (const note of machineNotes(claim)) log.line('INFO', note, 'SYSTEM');
  const programs = { PATH: environment.path, ESPALIER_TASK_ID: environment.taskId };
  const say = (line: string) => log.line('INFO', line, 'SYSTEM');
  const unpacking = unpackBundles(platform, claim, folder, { environment: programs, over });
  for (const name of await sayIfSlow('Downloading and unpacking the bundles of the executable', say, unpacking))
    say(`Unpacked ${name}`);
  if (place.kind === 'machine') refuseResources(folder.root, place.why);
  for (const line of missingServices(claim.runSpec.code, environment.path)) say(line);
  const { layers, pip } = await dependenciesOf(work, ground, say);
  const variables = jobVariables(environment, folder, claim, pip);
  return { command: await commandFor(folder, claim, variables, over), variables, layers };
}

async function dependenciesOf(work: Work, ground: Ground, say: (line: string) => void): Promise<Provided> {
  const { environment, claim, stopper } = work;
  const { execDepends = [], dependencies = [] } = claim.runSpec;
  if (execDepends.length + dependencies.length === 0) return { layers: [], pip: [] };
  // Most jobs ask for no package, and need not wait until this is loaded.
  const { provideDependencies } = await import('./depends/provide.ts');
  return provideDependencies({ ...ground, environment, claim, over: stopper.over, say });
}

function asFailure(error: unknown): { failure: Failure } {
  return { failure: { type: 'ExecutionError', message: error instanceof Error ? error.message : String(error) } };
}

type Code = { readonly process: JobProcess; close(): Promise<void> };

/** Starts the code of a job. If the job may be held, its namespaces and processes stay until `close`. */
async function startCode(work: Work, ground: Ground, { command, variables, layers }: Prepared): Promise<Code> {
  const { environment, claim, log, output } = work;
  const { place, folder, starter, programs } = ground;
  const isKept = claim.debugOn.length > 0;
  const keeper = isKept
    ? { ...variables, ...secretVariables(claim), [keeperVariable]: keeperKey(work.task) }
    : undefined;
  const common = { home: folder.seen.home, variables: { ...variables, ...secretVariables(claim) }, log, output };
  if (starter) {
    const process = starter.start({
      ...common,
      command,
      keeper,
      folder: folder.root,
      hasRoot: place.kind === 'root',
      shown: shownFolders(environment),
      layers,
      ...(programs ? { programs } : {}),
      cores: claim.limits.cores,
    });
    return { process, close: () => process.close() };
  }
  // A bash job can write to the sockets, too, but most do not, and the program behind them takes time to start.
  const hasSockets = place.kind === 'container' && claim.runSpec.interpreter !== 'bash';
  const relay = hasSockets ? await startLogRelay(logSocketFolder, variables.PATH ?? '', log, output) : undefined;
  const own = isKept ? keptCommand(command) : command;
  const contained = place.kind === 'container' && place.namespaces;
  const process = startJobProcess({
    ...common,
    command: contained ? confinedCommand(own) : own,
    variables: keeper ?? common.variables,
    jobId: claim.job,
    isKept,
    contained,
  });
  return {
    process,
    async close() {
      await process.close();
      await relay?.end();
    },
  };
}

/** The name of this worker for the program that enters its job. */
export function keeperKey(task: string): string {
  return task.slice(task.lastIndexOf('/') + 1);
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

const withoutRoot = "This machine gives the job no file tree of its own, so it sees the machine's";
