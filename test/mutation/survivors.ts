// The mutants that no test kills, each with its reason. `npm run test:mutants` prints the names.

import type { Survivors } from './survivor.ts';
import { survivorsOfCore } from './survivors-of-core.ts';
import { survivorsOfEngine } from './survivors-of-engine.ts';
import { survivorsOfJobs } from './survivors-of-jobs.ts';

export const survivors: readonly Survivors[] = [...survivorsOfCore, ...survivorsOfJobs, ...survivorsOfEngine];
