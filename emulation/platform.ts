// One running platform: everything that the template describes, on one data folder. Read `start` as the recipe.

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
  /** 0 for any. */
  readonly port: number;
  /** Jobs that may run at once. */
  readonly workers: number;
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  /** Told of faults of the platform itself: they concern nobody's request. */
  report(what: string, fault: unknown): void;
  /** Told, in a line, what a first start takes its time for. */
  say(line: string): void;
};

export type Platform = {
  /** `http://127.0.0.1:<port>`: the API for clients. */
  readonly url: string;
  readonly operator: Operator;
  readonly folder: DataFolder;
  /** Resolves with the reason when the platform cannot go on. */
  readonly lost: Promise<string>;
  /** What was asked of the services since the start, by name. */
  readonly counts: ReadonlyMap<string, number>;
  /** Ends everything that was started, in reverse order. Jobs that run are ended; the next start goes on with them. */
  close(): Promise<void>;
};

/** Resolves when the platform serves. @throws StartRefusal when something is missing, taken or not understood. */
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
  // The triggers that are to be woken start only after what they call.
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
  // Before anything else ends, nobody is let in any more.
  steps.add(() => front.close());
  await sweepFully(services, resources);
  return { url, operator, folder, lost, counts, close: () => steps.undo() };
}
