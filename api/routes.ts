// Every route of the API, as a table that serve.ts reads and docs/api.md is printed from. A route's function is found by
// going to its definition from here.

import { executionRoutes, newJobRoutes as jobRoutes, runRoutes as runnableRoutes } from './execution-routes.ts';
import { describeProject } from './ops/project/describe.ts';
import { newProject } from './ops/project/new.ts';
import { whoami, whoamiInput } from './ops/system/whoami.ts';
import { type Route, route } from './route.ts';
import { describeInput } from './schemas/describe.ts';
import { newProjectInput } from './schemas/project.ts';

const known = { kind: 'caller' } as const;
const viewPlace = { kind: 'place', level: 'VIEW' } as const;

/** Answered by the function `api`: everything but runs, new jobs and workers. */
export const apiRoutes: readonly Route[] = [
  ...executionRoutes,
  route('/system/whoami', whoamiInput, known, whoami),
  route('/project/new', newProjectInput, known, newProject),
  route('/project-xxxx/describe', describeInput, viewPlace, describeProject),
];

/** Answered by the function `run`. */
export const runRoutes: readonly Route[] = [...runnableRoutes];
/** Answered by the function `new-job`. */
export const newJobRoutes: readonly Route[] = [...jobRoutes];
/** Answered by the function `worker-api`: no user calls them. */
export const workerRoutes: readonly Route[] = [];

export const routes: readonly Route[] = [...apiRoutes, ...runRoutes, ...newJobRoutes, ...workerRoutes];
