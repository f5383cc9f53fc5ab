// The routes of executions: runs, subjobs and jobs. They are rows of the table in routes.ts.

import { route } from './make-route.ts';
import { missingAnalysis } from './ops/analysis/missing.ts';
import { runApplet } from './ops/applet/run.ts';
import { describeOneJob } from './ops/job/describe.ts';
import { addJobTags, removeJobTags, setJobProperties, updateJob } from './ops/job/metadata.ts';
import { newJob } from './ops/job/new.ts';
import { releaseHeldJob, terminateJob } from './ops/job/terminate.ts';
import { describeExecutions } from './ops/system/describe-executions.ts';
import { findAnalyses, findExecutions, findJobs } from './ops/system/find-executions.ts';
import type { Access, Route } from './route.ts';
import {
  describeExecutionsInput,
  describeJobInput,
  findExecutionsInput,
  jobPropertiesInput,
  jobTagsInput,
  newJobInput,
  runInput,
  updateJobInput,
} from './schemas/execution.ts';
import { emptyInput } from './schemas/object.ts';

const known = { kind: 'caller' } as const satisfies Access;
const viewExecutable = { kind: 'object', open: 'VIEW', closed: 'VIEW', project: 'hint' } as const satisfies Access;

/** The operations decide by project and tree what a caller may do with a job. */
export const executionRoutes: readonly Route[] = [
  route('/job-xxxx/describe', describeJobInput, known, describeOneJob),
  route('/job-xxxx/terminate', emptyInput, known, terminateJob),
  route('/job-xxxx/release', emptyInput, known, releaseHeldJob),
  route('/job-xxxx/addTags', jobTagsInput, known, addJobTags),
  route('/job-xxxx/removeTags', jobTagsInput, known, removeJobTags),
  route('/job-xxxx/setProperties', jobPropertiesInput, known, setJobProperties),
  route('/job-xxxx/update', updateJobInput, known, updateJob),
  ...['describe', 'terminate', 'addTags', 'removeTags', 'setProperties'].map((method) =>
    route(`/analysis-xxxx/${method}`, emptyInput, known, missingAnalysis),
  ),
  route('/system/describeExecutions', describeExecutionsInput, known, describeExecutions),
  route('/system/findExecutions', findExecutionsInput, known, findExecutions),
  route('/system/findJobs', findExecutionsInput, known, findJobs),
  route('/system/findAnalyses', findExecutionsInput, known, findAnalyses),
];

export const runRoutes: readonly Route[] = [route('/applet-xxxx/run', runInput, viewExecutable, runApplet)];
export const newJobRoutes: readonly Route[] = [route('/job/new', newJobInput, { kind: 'job' }, newJob)];
