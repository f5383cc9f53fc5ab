// Starts and ends a platform, which runs everything in the template on one data folder. `start` is the recipe.

import type { DataFolder } from '../machine/data-folder.ts';
import { createSteps, type Steps } from '../machine/step.ts';
import { declareTemplate } from './compose/declare.ts';
import { openEndpoints } from './compose/endpoint.ts';
import { endServices, openServices, resumeServices } from './compose/engine-life.ts';
import { createFront } from './compose/front.ts';
import { layGround } from './compose/ground.ts';
import { listenOn } from './compose/listener.ts';
import { createOperator, type Operator } from './compose/operator.ts';
import { sweepFully } from './compose/sweep.ts';
import { startTriggers } from './compose/trigger.ts';

export type PlatformOptions = {
  readonly dataFolder: string;
  /** The port for clients. 0 means any free port. */
  readonly port: number;
  /** The number of jobs that may run at once. */
  readonly workers: number;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Called with faults of the platform itself, which do not belong to a request. */
  report(what: string, fault: unknown): void;
  /** Called with a line that says why a first start takes long. */
  say(line: string): void;
};

export type Platform = {
  /** `http://127.0.0.1:<port>`: the API for clients. */
  readonly url: string;
  readonly operator: Operator;
  readonly folder: DataFolder;
  /** Resolves with the reason when the platform cannot go on. */
  readonly lost: Promise<string>;
  /** How often each operation of the services was called since the start. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ends everything that was started, in reverse order. Running jobs are ended, and the next start resumes them. */
  close(): Promise<void>;
};

/** Resolves when the platform serves. @throws StartRefusal when something is missing, taken or not supported. */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const steps = createSteps();
  try {
    return await start(options, steps);
  } catch (error) {
    await steps.undo();
    throw error;
  }
}

async function start(options: PlatformOptions, steps: Steps): Promise<Platform> {
  const { report } = options;
  const { promise: lost, resolve: onLost } = Promise.withResolvers<string>();
  const ground = await layGround(options, steps, onLost);
  const { folder, resources, authority, counts } = ground;
  const services = openServices(options, ground, steps);
  const front = createFront(resources, services.lambda, report);
  // The triggers start only after the services that they call. Until then a write wakes nothing.
  let onWrite = (_tables: readonly string[]) => {};
  const calls = { ground, services, front, report, onWrite: (tables: readonly string[]) => onWrite(tables) };
  const endpoints = await openEndpoints(calls, steps);
  const url = await listenOn(front.server, options.port);
  steps.add(() => front.close());

  await declareTemplate({ ground, services, endpoints, localise: (text) => front.localise(text, url) });
  const file = ground.synthesis.operatorFile;
  const operator = createOperator({ lambda: services.lambda, resources, authority, endpoints, file });
  endServices(services, steps);
  await resumeServices(services, folder, report);
  const triggers = startTriggers({ ground, services, report });
  onWrite = triggers.wake;
  steps.add(() => triggers.close());
  // Steps are undone in reverse order, so new requests are refused before anything else ends.
  steps.add(() => front.close());
  await sweepFully(services, resources);
  folder.keep();
  return { url, operator, folder, lost, counts, close: () => steps.undo() };
}
