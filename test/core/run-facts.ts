// The facts of runs and subjobs for tests of their plans: an applet with a bundle in a project, and what can be found.

import type { AppletSpec } from '../../core/executable/applet.ts';
import type { Program } from '../../core/executable/executable.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { planNewJob } from '../../core/run/plan-new-job.ts';
import type { RunFacts } from '../../core/run/plan-run.ts';
import { type PreparedInput, prepareInput } from '../../core/run/prepare-input.ts';
import type { Refusal } from '../../core/run/refusal.ts';
import type { NewJobRequest, RunRequest } from '../../core/run/request.ts';
import type { FoundReferences } from '../../core/run/waits.ts';

export const applet = deriveId('applet', 'u', 'r', '1');
export const bundle = deriveId('file', 'u', 'r', 'bundle');
export const project = deriveId('project', 'u', 'r', '1');
export const file = deriveId('file', 'u', 'r', '1');
export const openFile = deriveId('file', 'u', 'r', '2');
export const record = deriveId('record', 'u', 'r', '3');
export const other = deriveId('job', 'u', 'r', 'other');
export const link = { $dnanexus_link: file };

export const appletSpec: AppletSpec = {
  runSpec: { interpreter: 'bash', code: '', bundledDepends: [{ name: 'b', id: { $dnanexus_link: bundle } }] },
  dxapi: '1.0.0',
  access: {},
  title: '',
  summary: '',
  description: '',
  developerNotes: '',
  ignoreReuse: false,
};
export const everything: FoundReferences = {
  jobs: new Set([other]),
  objects: new Map([
    [file, { closed: true, linking: false }],
    [openFile, { closed: false, linking: false }],
    [record, { closed: true, linking: true }],
  ]),
};

function prepared(
  request: { input: RunRequest['input']; dependsOn: readonly string[] },
  spec: Program['spec'] = appletSpec,
): PreparedInput {
  const result = prepareInput(request, spec.inputSpec);
  if ('refused' in result) throw result.refused;
  return result;
}

export function runFacts(request: Partial<RunRequest> = {}, facts: Partial<RunFacts> = {}): RunFacts {
  const whole: RunRequest = {
    input: {},
    tags: [],
    properties: {},
    details: {},
    dependsOn: [],
    folder: '/',
    shown: {},
    ...request,
  };
  return {
    id: deriveId('job', 'u', 'run', JSON.stringify(request)),
    digest: 'd',
    now: 1000,
    request: whole,
    prepared: prepared(whole, facts.executable?.spec),
    found: everything,
    user: 'user-ada',
    executable: { kind: 'applet', id: applet, name: 'stats', spec: appletSpec, place: project },
    project: { id: project, level: 'CONTRIBUTE', region: 'aws:us-east-1' },
    ...facts,
  };
}

export function planned(plan: JobPlan | Refusal): JobPlan {
  if ('refused' in plan) throw plan.refused;
  return plan;
}

export const running = (plan: JobPlan): { job: JobRow; spec: ExecutionSpec } => ({
  job: { ...plan.row, state: 'running' },
  spec: JSON.parse(JSON.stringify(plan.spec)),
});

export function newJob(parent: ReturnType<typeof running>, request: Partial<NewJobRequest> = {}, found = everything) {
  const whole: NewJobRequest = {
    function: 'process',
    input: {},
    tags: [],
    properties: {},
    details: {},
    dependsOn: [],
    ...request,
  };
  const id = deriveId('job', parent.job.pk, 'new', JSON.stringify(request));
  const { prepared: _, ...rest } = { prepared: 0, id, digest: 'e', now: 2000, request: whole, found, parent };
  return planNewJob({ ...rest, prepared: prepared(whole) });
}
