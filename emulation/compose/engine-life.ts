// Opens, resumes and ends the emulated services of a platform.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFolder } from '../../machine/data-folder.ts';
import type { Steps } from '../../machine/step.ts';
import { removeFolder } from '../../worker/remove-folder.ts';
import { openDatabase } from '../cloud/wire/transaction.ts';
import { createServices, type Services } from './engine-set.ts';
import type { Ground } from './ground.ts';
import { deadLetterQueue } from './trigger.ts';
import { countOpenLaunches, workerSettings } from './worker.ts';

type Report = (what: string, fault: unknown) => void;

export type OpenServicesOptions = {
  readonly environment: Readonly<NodeJS.ProcessEnv>;
  readonly workers: number;
  readonly report: Report;
};

export function openServices(
  { environment, workers, report }: OpenServicesOptions,
  { folder, cache, exchanges, tools, synthesis, resources, authority, count }: Ground,
  steps: Steps,
): Services {
  const database = openDatabase(folder.file('cloud'));
  steps.add(async () => database.close());
  const services = createServices({
    folder,
    database,
    authority,
    exchanges,
    workers,
    ...workerSettings({ folder, tools, workerFile: synthesis.workerFile, resources, environment }),
    compileCache: join(cache, 'compiled'),
    onDeadEvent(rule, target, event) {
      const queueArn = deadLetterQueue(resources, rule, target);
      if (queueArn) services.sqs.send(queueArn, { body: event });
    },
    report,
    count,
  });
  steps.add(() => services.logs.close());
  steps.add(() => services.s3.close());
  steps.add(() => services.eventBridge.close());
  return services;
}

/** Resumes the work of an earlier platform. Its leftover workers are ended before anything can start new ones. */
export async function resumeServices(services: Services, folder: DataFolder, report: Report): Promise<void> {
  countOpenLaunches(services);
  await services.ecs.resume();
  const jobs = folder.file('jobs');
  removeFolder(jobs, (fault) => report(`folders of jobs of an earlier start, in ${jobs}, could not be removed`, fault));
  mkdirSync(jobs, { mode: 0o700, recursive: true });
  services.stepFunctions.resume();
  services.lambda.resume();
}

/**
 * Ends the workers, then the services that wait for them, then the functions, and last the services that they call.
 */
export function endServices({ lambda, sqs, stepFunctions, ecs }: Services, steps: Steps): void {
  steps.add(() => sqs.close());
  steps.add(() => lambda.close());
  steps.add(() => stepFunctions.close());
  steps.add(() => ecs.close());
}
