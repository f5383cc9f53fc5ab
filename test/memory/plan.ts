// Plans jobs for tests, as core/run would plan them, without the API.

import { createHash } from 'node:crypto';
import { effectiveExecutionPolicy } from '../../core/executable/policy.ts';
import type { Dependency } from '../../core/execution/dependency.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { AppletId, JobId, ProjectId, UserId } from '../../core/id/identifier.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import { type JobRow, newJobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { findReferences } from '../../core/reference/find.ts';
import type { Hash } from '../../core/reference/value.ts';

const testProject = deriveId('project', 'test', 'project', '1');
const testApplet = deriveId('applet', 'test', 'applet', '1');
const testUser: UserId = 'user-alice';

export type PlanOptions = {
  /** Whether the parent restarts by itself. */
  readonly parentRestartsAlone?: boolean;
  readonly input?: Hash;
  /** Jobs to wait for in addition to those that the input refers to. */
  readonly dependsOn?: readonly JobId[];
  /** The job that makes this job, as it was at the time of the call. */
  readonly parent?: JobRow;
  /** Whether a job with a parent gets a workspace of its own, as by /applet-xxxx/run. */
  readonly master?: boolean;
  readonly function?: string;
  readonly spec?: Partial<ExecutionSpec>;
  readonly row?: Partial<JobRow>;
  readonly now?: number;
  /** Those of the parent, if it has one. */
  readonly project?: ProjectId;
  readonly user?: UserId;
  readonly applet?: AppletId;
};

/** The id that `planJob` gives to a name. */
export function jobId(name: string): JobId {
  return deriveId('job', 'test', 'job', name);
}

/** Plans a job named `name`: an origin job, or with a parent a subjob or a nested master job. */
export function planJob(name: string, options: PlanOptions = {}): JobPlan {
  const { input = {}, dependsOn = [], parent, now = 1_700_000_000_000 } = options;
  const id = jobId(name);
  const ownWorkspace = parent === undefined || options.master === true;
  const jobs = new Set([
    ...dependsOn,
    ...findReferences(input).flatMap((one) => (one.kind === 'job' ? [one.job] : [])),
  ]);
  const waits = [...jobs].map((job): Dependency => ({ kind: 'execution', execution: job }));
  const spec: ExecutionSpec = {
    runInput: input,
    originalInput: input,
    name,
    folder: '/',
    tags: [],
    properties: {},
    details: {},
    dependsOn,
    executableName: 'test',
    runSystemRequirements: {},
    runSystemRequirementsByExecutable: {},
    mergedSystemRequirementsByExecutable: {},
    systemRequirements: {},
    defaultInstance: 'mem2_hdd2_x2',
    priority: options.row?.priority ?? parent?.priority ?? 'normal',
    executionPolicy: effectiveExecutionPolicy(),
    timeoutPolicy: {},
    timeoutPolicyByExecutable: {},
    access: {},
    waits,
    pins: [],
    delayWorkspaceDestruction: false,
    ignoreReuse: false,
    headJobOnDemand: false,
    ancestors: [],
    shown: {},
    ...options.spec,
  };
  const made = {
    id,
    executable: options.applet ?? testApplet,
    function: options.function ?? 'main',
    project: options.project ?? parent?.project ?? testProject,
    launchedBy: options.user ?? parent?.launchedBy ?? testUser,
    name,
    instance: 'mem2_hdd2_x2',
    priority: spec.priority,
    now,
    parentRestartsAlone: options.parentRestartsAlone ?? false,
    digest: digestOf([name, input]),
  } as const;
  const born = newJobRow(ownWorkspace ? { ...made, kind: 'master', parent } : { ...made, kind: 'subjob', parent });
  const row = { ...born, ...options.row };
  const ready = !ownWorkspace && waits.length === 0 && spec.waits.length === 0;
  return { id, row, spec, ready, memberOf: parent && { root: row.root, parent: parent.pk } };
}

function digestOf(request: unknown): string {
  return createHash('sha256').update(JSON.stringify(request)).digest('base64url').slice(0, 22);
}
