// Tests the policy and the priority of a new job: what the run, the executable and the job above decide together.

import { expect, it } from 'vitest';
import type { AppletSpec, RunSpec } from '../../core/executable/applet.ts';
import type { ExecutionPolicy } from '../../core/executable/policy.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobId } from '../../core/id/identifier.ts';
import type { JobPlan } from '../../core/job/plan.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { planNewJob } from '../../core/run/plan-new-job.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import type { Refusal } from '../../core/run/refusal.ts';
import type { RunRequest } from '../../core/run/request.ts';

const project = deriveId('project', 'u', 'policy', '1');
const applet = deriveId('applet', 'u', 'policy', '1');
const nothing = { input: {}, tags: [], properties: {}, details: {}, dependsOn: [] };
const prepared = (() => {
  const result = prepareInput(nothing, undefined);
  if ('refused' in result) throw result.refused;
  return result;
})();
const always = { now: 1, digest: 'd', prepared, found: { jobs: new Set<JobId>(), objects: new Map() } } as const;
const texts = { title: '', summary: '', description: '', developerNotes: '' };

type Caller = { readonly job: JobRow; readonly spec: ExecutionSpec };

function planned(plan: JobPlan | Refusal): Caller {
  if ('refused' in plan) throw plan.refused;
  return { job: { ...plan.row, state: 'running' }, spec: plan.spec };
}

function run(request: Partial<RunRequest> = {}, runSpec: Partial<RunSpec> = {}, from?: Caller): Caller {
  const spec: AppletSpec = {
    ...{ runSpec: { interpreter: 'bash', code: '', ...runSpec }, dxapi: '1.0.0', access: {}, ...texts },
    ignoreReuse: false,
  };
  return planned(
    planRun({
      ...always,
      id: deriveId('job', 'u', 'policy', 'run'),
      request: { ...nothing, folder: '/', shown: {}, ...request },
      user: 'user-ada',
      executable: { kind: 'applet', id: applet, name: 'stats', spec, place: project },
      project: { id: project, level: 'CONTRIBUTE', region: 'aws:us-east-1' },
      from,
    }),
  );
}

function subjob(parent: Caller): Caller {
  const id = deriveId('job', 'u', 'policy', 'subjob');
  return planned(planNewJob({ ...always, id, parent, request: { ...nothing, function: 'process' } }));
}

const standard = { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 };
const crash = { AppInternalError: 3 };
const parent = run({ executionPolicy: { restartOn: { '*': 4 }, maxRestarts: 5 } });

it.each<[string, Caller, ExecutionPolicy]>([
  ['nothing is set', run(), { restartOn: standard }],
  [
    'the executable sets a key',
    run({}, { executionPolicy: { maxRestarts: 1 } }),
    { restartOn: standard, maxRestarts: 1 },
  ],
  [
    'the run sets another key',
    run({ executionPolicy: { maxSpotTries: 2 } }, { executionPolicy: { restartOn: crash, maxRestarts: 1 } }),
    { restartOn: crash, maxRestarts: 1, maxSpotTries: 2 },
  ],
  [
    'the run sets restartOn, which it replaces as a whole',
    run({ executionPolicy: { restartOn: crash } }, { executionPolicy: { restartOn: { '*': 2 }, maxRestarts: 1 } }),
    { restartOn: crash, maxRestarts: 1 },
  ],
  ['a job runs the executable', run({}, {}, parent), { restartOn: standard }],
  [
    'a job runs an executable that inherits restartOn',
    run({}, { inheritParentRestartOnPolicy: true }, parent),
    { restartOn: { '*': 4 } },
  ],
  [
    'such an executable has a restartOn of its own',
    run({}, { inheritParentRestartOnPolicy: true, executionPolicy: { restartOn: crash } }, parent),
    { restartOn: crash },
  ],
  ['a user runs such an executable', run({}, { inheritParentRestartOnPolicy: true }), { restartOn: standard }],
  ['a job makes a subjob', subjob(parent), { restartOn: { '*': 4 }, maxRestarts: 5 }],
])('the policy in effect when %s', (_title, { spec }, expected) => {
  expect(spec.executionPolicy).toEqual(expected);
});

const onSpot = run({ priority: 'low' });
const leftSpot = { ...onSpot, job: { ...onSpot.job, try: 3, priority: 'high' as const } };

it.each<[string, Caller, asked: string, final: string]>([
  ['a run', run(), 'normal', 'normal'],
  ['an urgent run', run({ priority: 'high' }), 'high', 'high'],
  ['a run on spot', onSpot, 'low', 'low'],
  ['a run that forbids spot', run({ priority: 'low', executionPolicy: { maxSpotTries: 0 } }), 'low', 'high'],
  ['a subjob on spot', subjob(onSpot), 'low', 'low'],
  ['a run by a job on spot', run({}, {}, onSpot), 'low', 'low'],
  ['an urgent run by a job on spot', run({ priority: 'high' }, {}, onSpot), 'high', 'high'],
  ['a subjob of a job that left spot', subjob(leftSpot), 'low', 'high'],
  ['a subjob of that subjob', subjob(subjob(leftSpot)), 'low', 'high'],
  ['a run by a job that left spot', run({}, {}, leftSpot), 'low', 'high'],
  ['a spot run by a job that left spot', run({ priority: 'low' }, {}, leftSpot), 'low', 'high'],
  ['a run below that', run({ priority: 'low' }, {}, run({}, {}, leftSpot)), 'low', 'high'],
])(
  '%s shows the priority that was asked for, and runs with the one that is left',
  (_title, { job, spec }, asked, final) => {
    expect({ asked: spec.priority, final: job.priority }).toEqual({ asked, final });
  },
);

it('a subjob of an executable whose entry points all restart is a scope of its own for its children', () => {
  const alone = run({}, { restartableEntryPoints: 'all' });
  const child = subjob(alone);
  expect(child.spec.restartableEntryPoints).toBe('all');
  const [master, own] = [`m:${alone.job.pk}:0`, `s:${child.job.pk}:0`];
  expect(child.job.lineage).toEqual([master]);
  expect(subjob(child).job.lineage).toEqual([master, own]);
  expect(run({}, {}, child).job.lineage).toEqual([master, own]);
  expect(subjob(subjob(run({}, { restartableEntryPoints: 'master' }))).job.lineage).toEqual([master]);
});
