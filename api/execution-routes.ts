// The routes of executions: runs, subjobs and jobs. They are rows of the table in routes.ts.

import { route } from './make-route.ts';
import { describeOneAnalysis } from './ops/analysis/describe.ts';
import { runApp } from './ops/app/run.ts';
import { runGlobalWorkflow } from './ops/app/run-workflow.ts';
import { runApplet } from './ops/applet/run.ts';
import { addTags, removeTags, setProperties, updateExecution } from './ops/execution/metadata.ts';
import { releaseHeldJob, terminate } from './ops/execution/terminate.ts';
import { describeOneJob } from './ops/job/describe.ts';
import { newJob } from './ops/job/new.ts';
import { describeExecutions } from './ops/system/describe-executions.ts';
import { findAnalyses, findExecutions, findJobs } from './ops/system/find-executions.ts';
import { runWorkflow } from './ops/workflow/run.ts';
import type { Access, Route } from './route.ts';
import {
  describeExecutionsInput,
  describeJobInput,
  findExecutionsInput,
  jobPropertiesInput,
  jobTagsInput,
  newJobInput,
  runInput,
  runWorkflowInput,
  updateJobInput,
} from './schemas/execution.ts';
import { emptyInput } from './schemas/object.ts';

const known = { kind: 'caller' } as const satisfies Access;
const viewExecutable = { kind: 'object', open: 'VIEW', closed: 'VIEW', project: 'hint' } as const satisfies Access;

/** The operations decide by project and tree what a caller may do with a job. */
export const executionRoutes: readonly Route[] = [
  route('/job-xxxx/describe', describeJobInput, known, describeOneJob),
  route('/analysis-xxxx/describe', describeJobInput, known, describeOneAnalysis),
  route('/job-xxxx/release', emptyInput, known, releaseHeldJob),
  ...['job', 'analysis'].flatMap((className) => [
    route(`/${className}-xxxx/terminate`, emptyInput, known, terminate),
    route(`/${className}-xxxx/addTags`, jobTagsInput, known, addTags),
    route(`/${className}-xxxx/removeTags`, jobTagsInput, known, removeTags),
    route(`/${className}-xxxx/setProperties`, jobPropertiesInput, known, setProperties),
    route(`/${className}-xxxx/update`, updateJobInput, known, updateExecution),
  ]),
  route('/system/describeExecutions', describeExecutionsInput, known, describeExecutions),
  route('/system/findExecutions', findExecutionsInput, known, findExecutions),
  route('/system/findJobs', findExecutionsInput, known, findJobs),
  route('/system/findAnalyses', findExecutionsInput, known, findAnalyses),
];

export const runRoutes: readonly Route[] = [
  route('/applet-xxxx/run', runInput, viewExecutable, runApplet),
  route('/app-xxxx[/yyyy]/run', runInput, known, runApp),
  route('/globalworkflow-xxxx[/yyyy]/run', runWorkflowInput, known, runGlobalWorkflow),
  route('/workflow-xxxx/run', runWorkflowInput, viewExecutable, runWorkflow),
];
export const newJobRoutes: readonly Route[] = [route('/job/new', newJobInput, { kind: 'job' }, newJob)];
