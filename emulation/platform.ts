// Starts and ends a platform, which runs everything in the template on one data folder. `start` is the recipe.

import { listenOn } from '../machine/listener.ts';
import type { Platform, PlatformOptions } from '../machine/platform.ts';
import { type Steps, undoneOnFailure } from '../machine/step.ts';
import { declareTemplate } from './compose/declare.ts';
import { openEndpoints } from './compose/endpoint.ts';
import { endServices, openServices, resumeServices } from './compose/engine-life.ts';
import { createFront } from './compose/front.ts';
import { layGround } from './compose/ground.ts';
import { createOperator } from './compose/operator.ts';
import { sweepFully } from './compose/sweep.ts';
import { startTriggers } from './compose/trigger.ts';

/** Resolves when the platform serves. @throws StartRefusal when something is missing, taken or not supported. */
export function startPlatform(options: PlatformOptions): Promise<Platform> {
  return undoneOnFailure((steps) => start(options, steps));
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
