// Tests where describe takes each field of a job from, and which fields it leaves out (docs/reference/api.md,
// "Describing a job").

import { describe, expect, it } from 'vitest';
import { workerSize } from '../../core/instance/worker-size.ts';
import { describeJob, type JobFacts, selectJobFields } from '../../core/job/job-fields.ts';
import type { JobRow } from '../../core/job/row.ts';
import type { ExecutionSpec } from '../../core/job/spec.ts';
import { jobId, planJob } from '../memory/plan.ts';

const { row, spec } = planJob('main', { now: 1_000 });
const { row: child, spec: childSpec } = planJob('child', { parent: { ...row, try: 2 }, now: 2_000 });
const metadata = { tags: ['a'], properties: { b: 'c' }, details: { d: 1 } };
const plain: JobFacts = { row, spec, metadata, region: 'aws:us-east-1', billTo: 'user-alice', failureCounts: {} };

function described(facts: Partial<JobFacts>, field: string): unknown {
  return describeJob({ ...plain, ...facts }, new Set([field]))[field];
}
const withRow = (changes: Partial<JobRow>) => ({ row: { ...row, ...changes } });
const withSpec = (changes: Partial<ExecutionSpec>) => ({ spec: { ...spec, ...changes } });
const withShown = (shown: ExecutionSpec['shown']) => withSpec({ shown });

it('a worker that is smaller than its instance type promises is explained, and another is not', () => {
  expect(described(withRow({ instance: 'mem1_hdd2_x32' }), 'instanceTypeNote')).toMatch(/larger than any worker/);
  expect(described({}, 'instanceTypeNote')).toBeUndefined();
});

/** The whole answer for a job that has only what every job has. */
const usual = {
  id: row.pk,
  class: 'job',
  try: 0,
  region: 'aws:us-east-1',
  name: 'main',
  executableName: 'test',
  executable: row.executable,
  applet: row.executable,
  tags: ['a'],
  properties: { b: 'c' },
  created: 1_000,
  modified: 1_000,
  tryCreated: 1_000,
  project: row.project,
  folder: '/',
  billTo: 'user-alice',
  costLimit: null,
  invoiceMetadata: null,
  rank: 0,
  parentJob: null,
  parentJobTry: null,
  originJob: row.pk,
  masterJob: null,
  parentAnalysis: null,
  analysis: null,
  stage: null,
  rootExecution: row.pk,
  detachedFrom: null,
  detachedFromTry: null,
  state: 'idle',
  function: 'main',
  workspace: expect.stringMatching(/^container-/),
  launchedBy: 'user-alice',
  priority: 'normal',
  finalPriority: 'normal',
  workerReuseDeadlineRunTime: { state: 'reuse-off', waitTime: -1, at: -1 },
  dependsOn: [],
  failureCounts: {},
  stateTransitions: [],
  singleContext: false,
  ignoreReuse: false,
  httpsApp: { enabled: false },
  details: { d: 1 },
  systemRequirements: {},
  instanceType: 'mem2_hdd2_x2',
  executionPolicy: spec.executionPolicy,
  networkAccess: [],
  debug: {},
  delayWorkspaceDestruction: false,
  preserveJobOutputs: null,
  detailedJobMetrics: false,
  outputReusedFrom: null,
  runInput: {},
  originalInput: {},
  input: {},
  output: null,
};

describe('the description of a job', () => {
  it('has every default field that a new job has', () => {
    const { timeout: _, ...found } = describeJob(plain, selectJobFields({}));
    expect(found).toEqual(usual);
    expect(Object.keys(found)).toEqual(Object.keys(usual));
  });

  it('has other fields only when they are asked for', () => {
    const fields = {
      headJobOnDemand: true,
      internetUsageIPs: true,
      runSystemRequirements: true,
      runSystemRequirementsByExecutable: true,
      mergedSystemRequirementsByExecutable: true,
      instanceTypeGranted: true,
    };
    const asked = withSpec({
      headJobOnDemand: true,
      runSystemRequirements: { main: {} },
      runSystemRequirementsByExecutable: { a: {} },
      mergedSystemRequirementsByExecutable: { b: {} },
    });
    expect(describeJob({ ...plain, ...asked }, selectJobFields({ fields }))).toEqual({
      headJobOnDemand: true,
      internetUsageIPs: [],
      runSystemRequirements: { main: {} },
      runSystemRequirementsByExecutable: { a: {} },
      mergedSystemRequirementsByExecutable: { b: {} },
      instanceTypeGranted: workerSize('mem2_hdd2_x2'),
    });
  });

  it('has the fields that are asked for, beside the default ones if those are asked for too', () => {
    const fields = { state: true, headJobOnDemand: true };
    expect(describeJob(plain, selectJobFields({ fields }))).toEqual({ state: 'idle', headJobOnDemand: false });
    const both = describeJob(plain, selectJobFields({ fields, defaultFields: true }));
    expect(both).toMatchObject({ ...usual, headJobOnDemand: false });
  });

  it('is without input and output when they are not wanted', () => {
    const found = describeJob(plain, selectJobFields({ io: false }));
    for (const field of ['runInput', 'originalInput', 'input', 'output']) expect(found).not.toHaveProperty(field);
    expect(found).toHaveProperty('state');
    expect(describeJob(plain, selectJobFields({ io: true }))).toHaveProperty('output');
  });

  it('names the place of a subjob in its tree', () => {
    const found = describeJob({ ...plain, row: child, spec: childSpec }, selectJobFields({}));
    expect(found).toMatchObject({ id: child.pk, parentJob: row.pk, parentJobTry: 2, name: 'child' });
    expect(found).toMatchObject({ originJob: row.pk, masterJob: row.pk, rootExecution: row.pk, created: 2_000 });
  });
});

describe('the field', () => {
  const failed = { failureReason: 'AppError', failureMessage: 'no re…' } as const;
  const from = {
    ...{ pk: jobId('first'), try: 1, executable: row.executable, function: 'main', name: 'n', executableName: 'e' },
    ...failed,
  };
  const held = { state: 'debug_hold', transitions: [['debug_hold', 5]] } satisfies Partial<JobRow>;
  it.each<[field: string, title: string, facts: Partial<JobFacts>, value: unknown]>([
    ['applet', 'of a job of an app', withRow({ executable: `app-${'x'.repeat(24)}` }), undefined],
    ['app', 'of a job of an app', withRow({ executable: `app-${'x'.repeat(24)}` }), `app-${'x'.repeat(24)}`],
    ['app', 'of a job of an applet', {}, undefined],
    ['costLimit', 'of a call', withShown({ costLimit: 5 }), 5],
    ['rank', 'of a call', withShown({ rank: 3 }), 3],
    ['singleContext', 'of a call', withShown({ singleContext: true }), true],
    ['preserveJobOutputs', 'of a call', withShown({ preserveJobOutputs: {} }), {}],
    ['detailedJobMetrics', 'of a call', withShown({ detailedJobMetrics: true }), true],
    ['maxTreeSpotWaitTime', 'of a call', withShown({ maxTreeSpotWaitTime: 60 }), 60],
    ['maxJobSpotWaitTime', 'of a call', withShown({ maxJobSpotWaitTime: 70 }), 70],
    ['detachedFrom', 'of a detached run', withSpec({ detachedFrom: child.pk }), child.pk],
    ['detachedFromTry', 'of a detached run', withSpec({ detachedFromTry: 0 }), 0],
    ['priority', 'that was asked for', withRow({ priority: 'high' }), 'normal'],
    ['finalPriority', 'with which the job runs', withRow({ priority: 'high' }), 'high'],
    ['stateTransitions', 'of a job', withRow({ transitions: [['done', 9]] }), [{ newState: 'done', setAt: 9 }]],
    ['networkAccess', 'of its access', withSpec({ access: { network: ['*'] } }), ['*']],
    ['debug', 'of a run', withSpec({ debugOn: ['AppError'] }), { debugOn: ['AppError'] }],
    ['debugHoldUntil', 'of a held job', withRow(held), 259_200_005],
    ['debugHoldUntil', 'of any other job', {}, undefined],
    [
      'waitsForWorker',
      'of a job without a number',
      { waitsForWorker: true },
      expect.stringMatching(/^user-alice has /),
    ],
    ['waitsForWorker', 'of any other job', { waitsForWorker: false }, undefined],
    ['startedRunning', 'of a job that ran', withRow({ startedRunning: 3 }), 3],
    ['stoppedRunning', 'of a job that ran', withRow({ startedRunning: 3, stoppedRunning: 4 }), 4],
    ['stoppedRunning', 'of a job that never ran', withRow({ stoppedRunning: 4 }), undefined],
    ['selectedTreeTurnaroundTimeThreshold', 'of a root', withSpec({ treeTurnaroundTimeThreshold: 9 }), 9],
    [
      'selectedTreeTurnaroundTimeThresholdFrom',
      'of a root',
      withSpec({ treeTurnaroundTimeThreshold: 9 }),
      'executable',
    ],
    ['selectedTreeTurnaroundTimeThresholdFrom', 'of any other job', {}, undefined],
    ['timeout', 'of a job', withRow({ timeoutMs: 60_000 }), 60_000],
    ['input', 'with its outputs', { input: { x: 1 } }, { x: 1 }],
    ['input', 'as it was given', withSpec({ originalInput: { x: 2 } }), { x: 2 }],
    ['output', 'of a job that is done', { output: { y: 1 } }, { y: 1 }],
    ['failureReason', 'of a job that failed', withRow(failed), 'AppError'],
    ['failureMessage', 'of a job that failed', withRow(failed), 'no re…'],
    ['failureMessage', 'that was cut', { ...withRow(failed), failureMessage: 'no reads' }, 'no reads'],
    ['failureMessage', 'without a text', withRow({ failureReason: 'AppError' }), ''],
    ['failureMessage', 'of a job that did not fail', { failureMessage: 'x' }, undefined],
    [
      'failureFrom',
      'of a job that failed with another',
      { failureFrom: from },
      { id: from.pk, ...{ ...from, pk: undefined } },
    ],
    ['failureFrom', 'of any other job', {}, undefined],
    ['failureCounts', 'of earlier tries', { failureCounts: { AppError: 2 } }, { AppError: 2 }],
  ])('%s %s', (field, _title, facts, value) => {
    expect(described(facts, field)).toEqual(value);
  });
});
