// Tests how the run of an executable and a new subjob are planned: the rows and bodies that come out, and the refusals.

import { describe, expect, it } from 'vitest';
import type { AppletSpec } from '../../core/executable/applet.ts';
import type { Program } from '../../core/executable/executable.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobId } from '../../core/id/identifier.ts';
import { projectCacheId } from '../../core/id/project-cache.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import type { RunRequest } from '../../core/run/request.ts';
import {
  applet,
  appletSpec,
  bundle,
  everything,
  link,
  newJob,
  openFile,
  other,
  planned,
  project,
  record,
  runFacts,
  running,
} from './run-facts.ts';

describe('a run by a user', () => {
  it('starts a new tree, with the documented defaults', () => {
    const { id, row, spec, memberOf } = planned(planRun(runFacts()));
    expect(memberOf).toBeUndefined();
    expect(row).toEqual({
      pk: id,
      state: 'idle',
      try: 0,
      launch: 0,
      executable: applet,
      function: 'main',
      project,
      launchedBy: 'user-ada',
      origin: id,
      root: id,
      master: id,
      lineage: [],
      name: 'stats',
      instance: 'mem2_hdd2_x2',
      priority: 'normal',
      created: 1000,
      modified: 1000,
      tryCreated: 1000,
      transitions: [],
      timeoutMs: 2_592_000_000,
      digest: 'd',
    });
    expect(spec).toMatchObject({
      name: 'stats',
      executableName: 'stats',
      folder: '/',
      waits: [],
      systemRequirements: {},
    });
    expect(spec.executionPolicy).toEqual({
      restartOn: { UnresponsiveWorker: 2, JMInternalError: 1, ExecutionError: 1 },
    });
    expect(spec.pins).toEqual([
      { object: applet, project },
      { object: bundle, project },
    ]);
    expect(spec.access).toMatchObject({ project: 'VIEW', network: [], allProjects: 'NONE' });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(Buffer.byteLength(JSON.stringify(row))).toBeLessThan(1024);
  });

  it('waits once for each job and each object that is not ready yet', () => {
    const input = {
      a: link,
      b: [{ $dnanexus_link: openFile }, { $dnanexus_link: openFile }],
      c: { $dnanexus_link: record },
    };
    const jbors = { d: { job: other, field: 'x' }, e: { $dnanexus_link: { job: other, field: 'y', index: 1 } } };
    const { spec } = planned(planRun(runFacts({ input: { ...input, ...jbors }, dependsOn: [other, openFile] })));
    expect(spec.waits).toEqual([
      { kind: 'execution', execution: other },
      { kind: 'object', object: openFile },
      { kind: 'object', object: record },
    ]);
    expect(spec.dependsOn).toEqual([other, openFile]);
  });

  it('keeps runInput as given, and adds the defaults to originalInput', () => {
    const spec = {
      ...appletSpec,
      inputSpec: [
        { name: 'n', class: 'int', default: 3 },
        { name: 'f', class: 'file' },
      ],
    } as AppletSpec;
    const executable = { kind: 'applet', id: applet, name: 'stats', spec, place: project } as const;
    const plan = planned(planRun(runFacts({ input: { f: 'no link at all' } }, { executable })));
    expect(plan.spec.runInput).toEqual({ f: 'no link at all' });
    expect(plan.spec.originalInput).toEqual({ f: 'no link at all', n: 3 });
    expect(plan.spec.inputSpec).toEqual(spec.inputSpec);
  });

  it('is named by the call, else by the title of its executable, else by its name', () => {
    const titled = (title: string) =>
      ({ kind: 'applet', id: applet, name: 'stats', spec: { ...appletSpec, title }, place: project }) as const;
    const nameOf = (request: Partial<RunRequest>, title: string) =>
      planned(planRun(runFacts(request, { executable: titled(title) }))).spec.name;
    expect(nameOf({ name: 'mine' }, 'Statistics')).toBe('mine');
    expect(nameOf({}, 'Statistics')).toBe('Statistics');
    expect(nameOf({}, '')).toBe('stats');
    expect(planned(planRun(runFacts({}, { executable: titled('Statistics') }))).spec.executableName).toBe('stats');
  });

  it('may ask for a cluster of one machine', () => {
    const systemRequirements = { '*': { clusterSpec: { type: 'generic', initialInstanceCount: 1 } } };
    expect(planned(planRun(runFacts({ systemRequirements }))).spec.systemRequirements).toEqual(systemRequirements);
  });

  it('takes the instance type from the strongest source, and the time limit by executable', () => {
    const runSpec = {
      ...appletSpec.runSpec,
      systemRequirements: { main: { instanceType: 'mem1_ssd1_x2', nvidiaDriver: 'R' } },
    };
    const executable = {
      kind: 'applet',
      id: applet,
      name: 'stats',
      spec: { ...appletSpec, runSpec },
      place: project,
    } as const;
    const request = {
      systemRequirements: { '*': { instanceType: 'mem2_hdd2_x1' } },
      timeoutPolicyByExecutable: { [applet]: { '*': { hours: 1 } } },
    };
    const { row, spec } = planned(planRun(runFacts(request, { executable })));
    expect(row.instance).toBe('mem2_hdd2_x1');
    expect(row.timeoutMs).toBe(3_600_000);
    expect(spec.systemRequirements.main).toEqual({ instanceType: 'mem2_hdd2_x1', nvidiaDriver: 'R' });
    const byExecutable = {
      ...request,
      systemRequirementsByExecutable: { [applet]: { '*': { instanceType: 'mem1_ssd1_v2_x4' } } },
    };
    expect(planned(planRun(runFacts(byExecutable, { executable }))).row.instance).toBe('mem1_ssd1_v2_x4');
    const selector = { '*': { instanceTypeSelector: { allowedInstanceTypes: ['mem2_ssd1_gpu_x16', 'mem1_ssd1_x4'] } } };
    expect(planned(planRun(runFacts({ systemRequirements: selector }))).row.instance).toBe('mem1_ssd1_x4');
    const region = 'aws:us-east-1';
    const byProject = { project: { id: project, level: 'VIEW' as const, region, defaultInstanceType: 'mem1_ssd1_x8' } };
    expect(planned(planRun(runFacts({}, byProject))).row.instance).toBe('mem1_ssd1_x8');
  });

  it('never gives the job more access than the caller has', () => {
    const spec = { ...appletSpec, access: { project: 'ADMINISTER' as const, network: ['*'], developer: true } };
    const executable = { kind: 'applet', id: applet, name: 'stats', spec, place: project } as const;
    const { access } = planned(planRun(runFacts({}, { executable }))).spec;
    expect(access).toMatchObject({ project: 'CONTRIBUTE', network: ['*'], developer: true, projectCreation: false });
  });

  it.each<[string, Partial<RunRequest>, string, string]>([
    [
      'an unknown instance type',
      { systemRequirements: { '*': { instanceType: 'foo' } } },
      'InvalidInput',
      'no instance type "foo"',
    ],
    [
      'an instance type with a GPU',
      { systemRequirements: { main: { instanceType: 'mem2_ssd1_gpu_x16' } } },
      'InvalidInput',
      'GPU',
    ],
    [
      'an invalid execution policy',
      { executionPolicy: { maxRestarts: 99 } },
      'InvalidInput',
      'executionPolicy.maxRestarts',
    ],
    [
      'a cluster of more than one machine',
      { systemRequirements: { main: { clusterSpec: { type: 'generic', initialInstanceCount: 3 } } } },
      'InvalidInput',
      '"clusterSpec" asks for 3 machines, and a job runs on one here',
    ],
    ['an invalid time limit', { timeoutPolicyByExecutable: { x: 5 } }, 'InvalidInput', 'timeoutPolicyByExecutable.x'],
    [
      'an object that the caller does not see',
      { input: { a: { $dnanexus_link: deriveId('file', 'x', 'x', 'x') } } },
      'ResourceNotFound',
      'file-',
    ],
    [
      'a job that the caller does not see',
      { input: { a: { job: deriveId('job', 'x', 'x', 'x'), field: 'f' } } },
      'ResourceNotFound',
      'job-',
    ],
    [
      'a dependency that the caller does not see',
      { dependsOn: [deriveId('job', 'x', 'x', 'x')] },
      'ResourceNotFound',
      'job-',
    ],
  ])('is refused: %s', (_, request, type, message) => {
    const plan = planRun(runFacts(request));
    expect('refused' in plan && plan.refused).toMatchObject({ type, message: expect.stringContaining(message) });
  });
});

describe('a run of an app', () => {
  const id = deriveId('app', 'u', 'r', '1');
  const resources = deriveId('container', 'u', 'r', 'resources');
  const names = { kind: 'app', id, name: 'stats', version: '1.0.0' } as const;
  const executable: Program = { ...names, spec: appletSpec, place: resources };

  it('pins the bundled files from its resources container, and does not pin the app', () => {
    const { row, spec } = planned(planRun(runFacts({ input: { a: link } }, { executable })));
    expect(row).toMatchObject({ executable: id, function: 'main', name: 'stats' });
    expect(spec.pins).toEqual([{ object: bundle, project: resources }]);
  });

  it('has its resources and a project cache, which its subjobs share', () => {
    const plan = planned(planRun(runFacts({}, { executable })));
    const projectCache = projectCacheId(id, project);
    expect(plan.spec.app).toEqual({ name: 'stats', version: '1.0.0', resources, projectCache });
    expect(planned(newJob(running(plan))).spec.app).toEqual(plan.spec.app);
    const elsewhere = deriveId('project', 'u', 'r', 'elsewhere');
    const other = { executable, project: { id: elsewhere, level: 'CONTRIBUTE', region: 'aws:us-east-1' } } as const;
    expect(planned(planRun(runFacts({}, other))).spec.app?.projectCache).not.toBe(projectCache);
  });

  it('does not pass its containers on to an applet that it runs', () => {
    const parent = running(planned(planRun(runFacts({}, { executable }))));
    expect(planned(planRun(runFacts({}, { from: parent }))).spec).not.toHaveProperty('app');
  });

  it.each([id, 'app-stats/1.0.0', 'app-stats'])('takes the time limit and the instance type of %s', (name) => {
    const request = {
      timeoutPolicyByExecutable: { [name]: { '*': { hours: 2 } } },
      systemRequirementsByExecutable: { [name]: { '*': { instanceType: 'mem1_ssd1_x8' } } },
    };
    const plan = planned(planRun(runFacts(request, { executable })));
    expect(plan.row).toMatchObject({ timeoutMs: 7_200_000, instance: 'mem1_ssd1_x8' });
    expect(planned(newJob(running(plan))).row).toMatchObject({ timeoutMs: 7_200_000, instance: 'mem1_ssd1_x8' });
  });

  it('takes what its version asks for before what all versions do', () => {
    const systemRequirementsByExecutable = {
      'app-stats/1.0.0': { '*': { instanceType: 'mem1_ssd1_x8' } },
      'app-stats': { '*': { instanceType: 'mem1_ssd1_x4' } },
      'app-stats/2.0.0': { '*': { instanceType: 'mem1_ssd1_x2' } },
    };
    const { row } = planned(planRun(runFacts({ systemRequirementsByExecutable }, { executable })));
    expect(row.instance).toBe('mem1_ssd1_x8');
  });
});

describe('an input is refused before its references are looked up', () => {
  it.each<[string, { input: RunRequest['input']; dependsOn?: string[] }, string, string]>([
    ['for an unknown name', { input: { n: 1, x: 1 } }, 'InvalidInput', 'no input "x"'],
    ['for a missing field', { input: {} }, 'InvalidInput', 'input "n" (int) is missing'],
    ['for a malformed link', { input: { n: { $dnanexus_link: 'x' } } }, 'InvalidInput', 'input.n: "x" is not the id'],
    [
      'for a reference to an analysis',
      { input: { n: { $dnanexus_link: { analysis: deriveId('analysis', '', '', ''), field: 'f' } } } },
      'ResourceNotFound',
      'analysis-',
    ],
    [
      'for a text in dependsOn that is not an id',
      { input: { n: 1 }, dependsOn: ['not_a_valid_id'] },
      'ResourceNotFound',
      'not_a_valid_id',
    ],
    ['when it is too large', { input: { n: 'x'.repeat(1_100_000) } }, 'InvalidInput', 'pass a file instead'],
    [
      'when it nests too deep',
      { input: { n: JSON.parse('['.repeat(99) + ']'.repeat(99)) } },
      'InvalidInput',
      'deeper than 64',
    ],
    [
      'for too many references',
      { input: { n: Array.from({ length: 20_001 }, () => ({ job: other, field: 'f' })) } },
      'InvalidInput',
      '20000 references',
    ],
  ])('%s', (_, { input, dependsOn = [] }, type, message) => {
    const result = prepareInput({ input, dependsOn }, [{ name: 'n', class: 'int' }]);
    expect('refused' in result && result.refused).toMatchObject({ type, message: expect.stringContaining(message) });
  });
});

it('a default that is metadata of a linked object is asked for', () => {
  const from = { $dnanexus_link: { input: 'reads', metadata: 'name' } };
  const specification = [
    { name: 'reads', class: 'file' },
    { name: 'title', class: 'string', default: from },
  ] as const;
  expect(prepareInput({ input: { reads: link }, dependsOn: [] }, specification)).toMatchObject({
    originalInput: { reads: link },
    wishes: [{ name: 'title', object: link.$dnanexus_link, metadata: 'name' }],
  });
});

it('a default from an input that is named like a property of every object, and was not given, is left out', () => {
  const specification = [
    { name: 'constructor', class: 'file', optional: true },
    { name: 'title', class: 'string', default: { $dnanexus_link: { input: 'constructor', metadata: 'name' } } },
  ] as const;
  expect(prepareInput({ input: {}, dependsOn: [] }, specification)).toMatchObject({ originalInput: {}, wishes: [] });
});

describe('a run by a job', () => {
  const origin = running(planned(planRun(runFacts({ priority: 'high', delayWorkspaceDestruction: true }))));

  it('is a master job in the caller’s tree', () => {
    const facts = runFacts({ name: 'child' }, { from: origin });
    const { id, row, spec, memberOf } = planned(planRun(facts));
    expect(memberOf).toEqual({ root: origin.job.pk, parent: origin.job.pk });
    expect(row).toMatchObject({
      origin: origin.job.pk,
      root: origin.job.pk,
      master: id,
      parent: origin.job.pk,
      parentTry: 0,
    });
    expect(row.lineage).toEqual([`m:${origin.job.pk}:0`]);
    expect(row.priority).toBe('high');
    expect(spec.delayWorkspaceDestruction).toBe(true);
    expect(spec.ancestors).toEqual([origin.job.pk]);
  });

  it('starts a new tree when it is detached, and records the job that detached it', () => {
    const { id, row, spec, memberOf } = planned(planRun(runFacts({ detach: true }, { from: origin })));
    expect(memberOf).toBeUndefined();
    expect(row).toMatchObject({ origin: id, root: id, lineage: [], priority: 'normal' });
    expect(row.parent).toBeUndefined();
    expect(spec).toMatchObject({ detachedFrom: origin.job.pk, detachedFromTry: 0, ancestors: [] });
  });

  it('obeys systemRequirementsByExecutable of a run further up the tree', () => {
    const byExecutable = { [applet]: { '*': { instanceType: 'mem1_ssd1_x8' } } };
    const up = running(planned(planRun(runFacts({ systemRequirementsByExecutable: byExecutable }))));
    const request = { systemRequirements: { '*': { instanceType: 'mem1_ssd1_x2' } } };
    expect(planned(planRun(runFacts(request, { from: up }))).row.instance).toBe('mem1_ssd1_x8');
  });

  it('cannot wait for a job above it', () => {
    const found = { ...everything, jobs: new Set<JobId>([origin.job.pk]) };
    const plan = planRun(runFacts({ dependsOn: [origin.job.pk] }, { from: origin, found }));
    expect('refused' in plan && plan.refused.message).toContain('waits for this job to end');
  });
});

describe('a subjob', () => {
  const origin = running(
    planned(planRun(runFacts({ folder: '/out', systemRequirements: { process: { instanceType: 'mem1_ssd1_x4' } } }))),
  );

  it('begins idle, and is ready when it has nothing to wait for', () => {
    const { row, spec, ready, memberOf } = planned(newJob(origin, { input: { a: link } }));
    expect(ready).toBe(true);
    expect(row).toMatchObject({
      state: 'idle',
      transitions: [],
      function: 'process',
      master: origin.job.pk,
      origin: origin.job.pk,
      lineage: [`m:${origin.job.pk}:0`],
      instance: 'mem1_ssd1_x4',
      name: 'stats:process',
    });
    expect(memberOf).toEqual({ root: origin.job.pk, parent: origin.job.pk });
    expect(spec).toMatchObject({
      pins: [],
      waits: [],
      folder: '/out',
      executableName: 'stats',
      ancestors: [origin.job.pk],
    });
    expect(spec.inputSpec).toBeUndefined();
  });

  it('waits for the output of a sibling', () => {
    const { row, spec } = planned(newJob(origin, { input: { a: [{ job: other, field: 'x' }] } }));
    expect(row).toMatchObject({ state: 'idle', transitions: [] });
    expect(spec.waits).toEqual([{ kind: 'execution', execution: other }]);
  });

  it('may ask for another instance type for its entry point', () => {
    const systemRequirements = { process: { instanceType: 'mem1_ssd1_x8' } };
    const { row, spec } = planned(newJob(origin, { systemRequirements }));
    expect(row.instance).toBe('mem1_ssd1_x8');
    expect(spec.systemRequirements).toEqual(systemRequirements);
  });

  it('may be nested 16 deep at most, and its parent must be running', () => {
    let parent = origin;
    for (let depth = 2; depth <= 16; depth++) parent = running(planned(newJob(parent)));
    const seventeenth = newJob(parent);
    expect('refused' in seventeenth && seventeenth.refused.message).toContain('nested 16 deep');
    const ended = newJob({ ...origin, job: { ...origin.job, state: 'waiting_on_output' } });
    expect('refused' in ended && ended.refused.type).toBe('InvalidState');
  });

  it('keeps a long name in its specification only, not in its row', () => {
    const { row, spec } = planned(newJob(origin, { name: 'ü'.repeat(100) }));
    expect(row.name).toBeUndefined();
    expect(spec.name).toBe('ü'.repeat(100));
  });
});
