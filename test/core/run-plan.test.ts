// Tests where each part of a new job's plan comes from: the call, the job above it, the executable or the project.

import { describe, expect, it } from 'vitest';
import type { AppletSpec, RunSpec } from '../../core/executable/applet.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { JobId, ObjectId } from '../../core/id/identifier.ts';
import { folderNames, normaliseFolder } from '../../core/run/output-folder.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { NewJobRequest, RunRequest } from '../../core/run/request.ts';
import {
  applet,
  appletSpec,
  bundle,
  everything,
  file,
  link,
  newJob,
  other,
  planned,
  project,
  record,
  runFacts,
  running,
} from './run-facts.ts';

type Facts = Parameters<typeof runFacts>[1];
const plan = (request: Partial<RunRequest> = {}, facts: Facts = {}) => planned(planRun(runFacts(request, facts)));
const above = (request: Partial<RunRequest> = {}, facts: Facts = {}) => running(plan(request, facts));
const withSpec = (spec: Partial<AppletSpec>) =>
  ({ kind: 'applet', id: applet, name: 'stats', spec: { ...appletSpec, ...spec }, place: project }) as const;
const withRunSpec = (runSpec: Partial<RunSpec>) => withSpec({ runSpec: { ...appletSpec.runSpec, ...runSpec } });
const refusalOf = (request: Partial<RunRequest>, facts: Facts = {}) => {
  const found = planRun(runFacts(request, facts));
  if (!('refused' in found)) throw new Error('the run is planned');
  return found.refused;
};

describe('the options of a run', () => {
  const always = { headJobOnDemand: true, ignoreReuse: true, delayWorkspaceDestruction: true };
  const never = { headJobOnDemand: false, ignoreReuse: false, delayWorkspaceDestruction: false };
  const byExecutable = { executable: { ...withRunSpec({ headJobOnDemand: true }) } };
  const reusing = { executable: withSpec({ ignoreReuse: true }) };
  const parent = above({ delayWorkspaceDestruction: true, debug: { debugOn: ['AppError'] } });
  it.each<[title: string, ReturnType<typeof plan>, expected: object]>([
    ['are off when nothing is set', plan(), never],
    ['are those of the call', plan(always), always],
    ['may be set by the executable: headJobOnDemand', plan({}, byExecutable), { ...never, headJobOnDemand: true }],
    ['of the call override the executable: headJobOnDemand', plan(never, byExecutable), never],
    ['may be set by the executable: ignoreReuse', plan({}, reusing), { ...never, ignoreReuse: true }],
    ['of the call override the executable: ignoreReuse', plan(never, reusing), never],
    [
      'may come from the job above',
      plan({}, { from: parent }),
      { ...never, delayWorkspaceDestruction: true, debugOn: ['AppError'] },
    ],
    [
      'of the call override the job above',
      plan({ delayWorkspaceDestruction: false, debug: { debugOn: ['ExecutionError'] } }, { from: parent }),
      { ...never, debugOn: ['ExecutionError'] },
    ],
    [
      'do not come from the job that detaches the run',
      plan({ detach: true }, { from: parent }),
      { ...never, debugOn: undefined },
    ],
  ])('%s', (_title, { spec: { headJobOnDemand, ignoreReuse, delayWorkspaceDestruction, debugOn } }, expected) => {
    expect({ headJobOnDemand, ignoreReuse, delayWorkspaceDestruction, debugOn }).toEqual({
      debugOn: undefined,
      ...expected,
    });
  });
});

describe('the time limit of a job', () => {
  const hours = (count: number) => ({ '*': { hours: count } });
  const limited = { executable: withRunSpec({ timeoutPolicy: hours(5) }) };
  const parent = above({ timeoutPolicyByExecutable: { [applet]: hours(7) } });
  it.each<[title: string, hours: number, ReturnType<typeof plan>]>([
    ['is 30 days by default', 720, plan()],
    ['is that of the executable', 5, plan({}, limited)],
    ['is that of the call for the executable', 3, plan({ timeoutPolicyByExecutable: { [applet]: hours(3) } }, limited)],
    ['is that of the call for all executables', 2, plan({ timeoutPolicyByExecutable: { '*': hours(2) } }, limited)],
    [
      'is that of the job above first',
      7,
      plan({ timeoutPolicyByExecutable: { [applet]: hours(3) } }, { from: parent }),
    ],
    [
      'of a subjob is that of its entry point',
      1,
      planned(
        newJob(
          above(
            {},
            {
              executable: withRunSpec({ timeoutPolicy: { main: { hours: 4 }, process: { hours: 1 } } }),
            },
          ),
        ),
      ),
    ],
  ])('%s', (_title, expected, { row }) => {
    expect(row.timeoutMs).toBe(expected * 3_600_000);
  });

  it('for executables that are not in a hash is refused', () => {
    expect(refusalOf({ timeoutPolicyByExecutable: [] }).message).toContain(
      'timeoutPolicyByExecutable must be a hash of executables',
    );
  });
});

describe('the machine of a job', () => {
  it.each<[title: string, Partial<RunRequest>, message: string]>([
    [
      'requirements that are not a hash',
      { systemRequirements: 'x' },
      'systemRequirements must be a hash of entry points',
    ],
    [
      'an unknown type of an entry point that does not run now',
      { systemRequirements: { later: { instanceType: 'x' } } },
      'systemRequirements.later.instanceType: ',
    ],
    [
      'an unknown type for another executable',
      { systemRequirementsByExecutable: { x: { '*': { instanceType: 'y' } } } },
      'systemRequirementsByExecutable.x.*.instanceType: ',
    ],
  ])('cannot be chosen from %s', (_title, request, message) => {
    expect(refusalOf(request)).toMatchObject({ type: 'InvalidInput', message: expect.stringContaining(message) });
    const subjob = newJob(above(), request as Partial<NewJobRequest>);
    expect('refused' in subjob && subjob.refused.message).toContain(message);
  });

  it('is refused in the words of the first type of a selector when none of its types can run', () => {
    const allowedInstanceTypes = ['mem2_ssd1_gpu_x16', 'mem3_ssd2_fpga1_x24'];
    const systemRequirements = { '*': { instanceTypeSelector: { allowedInstanceTypes } } };
    expect(refusalOf({ systemRequirements }).message).toContain('mem2_ssd1_gpu_x16 has a GPU');
  });

  it.each([
    [['mem2_ssd1_gpu_x16', 'mem3_ssd1_v2_x96', 'mem1_ssd1_v2_x4'], 'mem1_ssd1_v2_x4'],
    [['mem2_ssd1_gpu_x16', 'mem3_ssd1_v2_x96'], 'mem3_ssd1_v2_x96'],
  ])('is the first of the selector %j that a worker can have as a whole, or else at all', (types, instance) => {
    const systemRequirements = { '*': { instanceTypeSelector: { allowedInstanceTypes: types } } };
    expect(planned(planRun(runFacts({ systemRequirements }))).row).toMatchObject({ instance });
  });

  it.each(['mem3_ssd1_v2_x96', 'mem3_ssd1_v2_x16', 'azure:mem1_ssd1_x4', 'mem1_hdd2_x32'])(
    'keeps the name of a type that has no worker of its size: %s',
    (instanceType) => {
      const systemRequirements = { '*': { instanceType } };
      const { row, spec } = planned(planRun(runFacts({ systemRequirements })));
      expect(row.instance).toBe(instanceType);
      expect(spec.systemRequirements).toEqual(systemRequirements);
    },
  );

  it('is the default of the project also for the jobs below', () => {
    const parent = above(
      {},
      { project: { id: project, level: 'VIEW', region: 'aws:us-east-1', defaultInstanceType: 'mem1_ssd1_x8' } },
    );
    expect(planned(newJob(parent)).row.instance).toBe('mem1_ssd1_x8');
  });
});

describe('the access of a job', () => {
  const asked = { project: 'VIEW', allProjects: 'CONTRIBUTE', developer: true, projectCreation: true } as const;
  const all = { executable: withSpec({ access: asked }) };
  const none = { executable: withSpec({ access: {} }) };
  const both = { developer: true, projectCreation: true };
  const neither = { developer: false, projectCreation: false };
  it.each<[title: string, ReturnType<typeof plan>, expected: object]>([
    ['of a user is what the executable asks for', plan({}, all), { allProjects: 'CONTRIBUTE', ...both }],
    ['is nothing beyond the project when nothing is asked for', plan({}, none), { allProjects: 'NONE', ...neither }],
    ['below a job that has it', plan({}, { ...all, from: above({}, all) }), { allProjects: 'CONTRIBUTE', ...both }],
    [
      'below a job that does not have it',
      plan({}, { ...all, from: above({}, none) }),
      { allProjects: 'NONE', ...neither },
    ],
    [
      'of a detached run is limited by the job that detaches it',
      plan({ detach: true }, { ...all, from: above({}, none) }),
      { allProjects: 'NONE', ...neither },
    ],
  ])('%s', (_title, { spec }, expected) => {
    expect(spec.access).toMatchObject(expected);
  });
});

describe('the places of the objects of a run', () => {
  const [near, far] = [deriveId('project', 'u', 'r', 'near'), deriveId('project', 'u', 'r', 'far')];
  const ids = [1, 2, 3, 4].map((index) => deriveId('file', 'u', 'place', String(index)));
  const placed = (...places: readonly (typeof near | undefined)[]) => {
    const found = ids.slice(0, places.length).map((id, index) => {
      const place = places[index];
      return [id, { closed: true, linking: false, ...(place && { place }) }] as const;
    });
    const objects = new Map<ObjectId, { closed: boolean; linking: boolean; place?: typeof near }>(found);
    const input = Object.fromEntries(found.map(([id], index) => [`f${index}`, { $dnanexus_link: id }]));
    return plan({ input }, { found: { ...everything, objects } }).spec;
  };
  const program = [
    { object: applet, project },
    { object: bundle, project },
  ];
  it.each<[title: string, ReturnType<typeof placed>, inputPlace: string | undefined, pinned: object[]]>([
    ['are not named when there are none', placed(), undefined, []],
    ['are not named when all are in the project', placed(undefined, project), undefined, []],
    ['are named once when all are elsewhere', placed(near, near), near, []],
    [
      'are named once for most of them, and pinned for the others',
      placed(near, far, far, undefined),
      far,
      [
        { object: ids[0], project: near },
        { object: ids[3], project },
      ],
    ],
    [
      'are pinned when most are in the project',
      placed(far, undefined, undefined),
      undefined,
      [{ object: ids[0], project: far }],
    ],
  ])('%s', (_title, spec, inputPlace, pinned) => {
    expect(spec.inputPlace).toBe(inputPlace);
    expect('inputPlace' in spec).toBe(inputPlace !== undefined);
    expect(spec.pins).toEqual([...program, ...pinned]);
  });

  it('are those of the first link that names one', () => {
    const linkTo = (place?: string) => ({ $dnanexus_link: place === undefined ? file : { project: place, id: file } });
    const wanted = (input: RunRequest['input'], dependsOn: string[] = []) => {
      const prepared = prepareInput({ input, dependsOn }, undefined);
      return 'refused' in prepared ? undefined : prepared.wanted.objects.get(file);
    };
    expect(wanted({ a: linkTo(), b: linkTo(near), c: linkTo(far) })).toBe(near);
    expect(wanted({ a: linkTo(far) }, [file])).toBe(far);
    expect(wanted({ a: linkTo() })).toBeUndefined();
    const awaited = prepareInput({ input: {}, dependsOn: [file] }, undefined);
    expect('refused' in awaited ? [] : [...awaited.wanted.objects]).toEqual([[file, undefined]]);
  });
});

describe('a subjob', () => {
  const parent = above(
    {
      ...{ folder: '/out', priority: 'low', tags: ['t'], properties: { a: 'b' }, details: { c: 1 } },
      ...{ ignoreReuse: true, delayWorkspaceDestruction: true, shown: { rank: 1 }, debug: { debugOn: ['AppError'] } },
      timeoutPolicyByExecutable: { [applet]: { process: { hours: 1 } } },
      executionPolicy: { maxRestarts: 1 },
    },
    {
      executable: withSpec({
        access: { network: ['*'] },
        runSpec: { ...appletSpec.runSpec, restartableEntryPoints: 'all' },
      }),
    },
  );
  const asked = {
    ...{ name: 'one', input: { x: 1 }, tags: ['u', 'u'], properties: { d: 'e' }, details: { f: 2 } },
    ...{ dependsOn: [other], systemRequirements: { process: { instanceType: 'mem1_ssd1_x8' } } },
    systemRequirementsByExecutable: { [applet]: { other: { instanceType: 'mem1_ssd1_x4' } } },
  };

  it('shares what belongs to its executable or its tree, and has the rest by its own call', () => {
    const { folder, executableName, priority, executionPolicy, timeoutPolicy, timeoutPolicyByExecutable } = parent.spec;
    const { access, defaultInstance, ignoreReuse, delayWorkspaceDestruction, debugOn, shown } = parent.spec;
    expect(planned(newJob(parent, asked)).spec).toEqual({
      ...{ folder, executableName, priority, executionPolicy, timeoutPolicy, timeoutPolicyByExecutable },
      ...{ access, defaultInstance, ignoreReuse, delayWorkspaceDestruction, debugOn, shown, pins: [] },
      ...{ restartableEntryPoints: 'all', ancestors: [parent.job.pk], headJobOnDemand: false },
      ...{ name: 'one', runInput: { x: 1 }, originalInput: { x: 1 }, tags: ['u'], properties: { d: 'e' } },
      ...{ details: { f: 2 }, dependsOn: [other], waits: [{ kind: 'execution', execution: other }] },
      runSystemRequirements: asked.systemRequirements,
      runSystemRequirementsByExecutable: asked.systemRequirementsByExecutable,
      mergedSystemRequirementsByExecutable: asked.systemRequirementsByExecutable,
      systemRequirements: { ...asked.systemRequirements, other: { instanceType: 'mem1_ssd1_x4' } },
    });
    expect([access.network, ignoreReuse, shown, debugOn]).toEqual([['*'], true, { rank: 1 }, ['AppError']]);
  });

  it('has a row below that of its parent', () => {
    const { id, row, memberOf } = planned(newJob(parent, asked));
    const { pk, executable, project, launchedBy } = parent.job;
    expect(row).toEqual({
      ...{ pk: id, state: 'idle', try: 0, launch: 0, executable, function: 'process', project, launchedBy },
      ...{
        origin: pk,
        root: pk,
        master: pk,
        parent: pk,
        parentTry: 0,
        lineage: parent.job.lineage.concat(`m:${pk}:0`),
      },
      ...{ name: 'one', instance: 'mem1_ssd1_x8', priority: 'low', timeoutMs: 3_600_000, debug: true, digest: 'e' },
      ...{ created: 2000, modified: 2000, tryCreated: 2000, transitions: [] },
    });
    expect(memberOf).toEqual({ root: pk, parent: pk });
  });

  it('is not held when its run names no reason', () => {
    const { row, spec } = planned(newJob(above({ debug: { debugOn: [] } })));
    expect(row).not.toHaveProperty('debug');
    expect(spec.debugOn).toEqual([]);
    expect(planned(newJob(above())).row).not.toHaveProperty('debug');
  });

  it('is named by its parent and its entry point', () => {
    expect(planned(newJob(above({ name: 'run' }))).spec.name).toBe('run:process');
  });

  it('is refused when what it waits for does not exist', () => {
    const unknown = deriveId('job', 'u', 'r', 'unknown');
    const found = newJob(parent, { dependsOn: [unknown] });
    expect('refused' in found && found.refused.type).toBe('ResourceNotFound');
  });
});

describe('a wish for SSH', () => {
  const hosts = ['*'];
  it.each<[title: string, Partial<RunRequest>, isRefused: boolean]>([
    ['is refused', { allowSSH: hosts }, true],
    ['is refused when nothing is to be held', { allowSSH: hosts, debug: { debugOn: [] } }, true],
    ['is no wish without hosts', { allowSSH: [] }, false],
    ['is passed over when the job will be held', { allowSSH: hosts, debug: { debugOn: ['AppError'] } }, false],
  ])('%s', (_title, request, isRefused) => {
    const found = planRun(runFacts(request));
    expect('refused' in found && found.refused.message).toEqual(
      isRefused && expect.stringContaining('jobs cannot be reached by SSH'),
    );
  });

  it('beside a wrong debug is refused with both sentences', () => {
    const { message } = refusalOf({ allowSSH: hosts, debug: 5 });
    expect(message).toContain('debug must be a hash');
    expect(message).toContain('jobs cannot be reached by SSH');
  });
});

describe('the turnaround time of a tree', () => {
  const slow = { executable: withSpec({ treeTurnaroundTimeThreshold: 60 }) };
  it('is noted at its root, and not below', () => {
    expect(plan({}, slow).spec.treeTurnaroundTimeThreshold).toBe(60);
    expect(plan({}, { ...slow, from: above() }).spec).not.toHaveProperty('treeTurnaroundTimeThreshold');
    expect(plan({ detach: true }, { ...slow, from: above() }).spec.treeTurnaroundTimeThreshold).toBe(60);
    expect(plan().spec).not.toHaveProperty('treeTurnaroundTimeThreshold');
  });
});

describe('a run from inside a job', () => {
  const parent = above();
  it('that is detached names the job and its try', () => {
    const again = { ...parent, job: { ...parent.job, try: 2 } };
    expect(plan({ detach: true }, { from: again }).spec).toMatchObject({
      detachedFrom: parent.job.pk,
      detachedFromTry: 2,
    });
    expect(plan({}, { from: again }).spec).not.toHaveProperty('detachedFrom');
    expect(plan().spec).not.toHaveProperty('detachedFrom');
  });

  it('has a master job below the caller', () => {
    const { id, row, memberOf } = plan({}, { from: parent });
    expect(row).toMatchObject({ master: id, parent: parent.job.pk, root: parent.job.pk, origin: parent.job.pk });
    expect(memberOf).toEqual({ root: parent.job.pk, parent: parent.job.pk });
  });
});

describe('a run keeps', () => {
  it('what the call says, what its executable expects, and where its output goes', () => {
    const specifications = { inputSpec: [], outputSpec: [{ name: 'o', class: 'int' as const, optional: true }] };
    const asked = {
      ...{ folder: '/out', shown: { rank: 1 }, tags: ['a'], properties: { b: 'c' }, details: { d: 1 } },
      systemRequirements: { '*': { instanceType: 'mem1_ssd1_x8' } },
      systemRequirementsByExecutable: { [other]: { '*': { instanceType: 'mem1_ssd1_x4' } } },
    };
    const { systemRequirements, systemRequirementsByExecutable, ...kept } = asked;
    expect(plan(asked, { executable: withSpec(specifications) }).spec).toMatchObject({
      ...kept,
      ...specifications,
      runSystemRequirements: systemRequirements,
      runSystemRequirementsByExecutable: systemRequirementsByExecutable,
      mergedSystemRequirementsByExecutable: systemRequirementsByExecutable,
    });
  });

  it('a hold in its row when it names a reason', () => {
    const rows = [{ debugOn: ['AppError'] }, { debugOn: [] }, undefined].map((debug) => plan({ debug }).row.debug);
    expect(rows).toEqual([true, undefined, undefined]);
  });

  it('that every entry point restarts by itself when its executable says so', () => {
    const found = ['all', 'master', undefined].map((restartableEntryPoints) => {
      const runSpec = { ...appletSpec.runSpec, ...(restartableEntryPoints && { restartableEntryPoints }) } as RunSpec;
      return plan({}, { executable: withSpec({ runSpec }) }).spec.restartableEntryPoints;
    });
    expect(found).toEqual(['all', undefined, undefined]);
  });
});

describe('a job inside a tree', () => {
  it('has all jobs above it as ancestors, and cannot wait for any of them', () => {
    const origin = above();
    const middle = running(planned(newJob(origin)));
    const child = plan({}, { from: middle });
    expect(child.spec.ancestors).toEqual([origin.job.pk, middle.job.pk]);
    const found = { ...everything, jobs: new Set<JobId>([origin.job.pk]) };
    expect(refusalOf({ dependsOn: [origin.job.pk] }, { from: middle, found }).message).toContain('waits for this job');
  });

  it('cannot wait for a job that waits for it', () => {
    const found = { ...everything, circular: other };
    expect(refusalOf({ dependsOn: [other] }, { from: above(), found }).message).toContain('waits for this job');
  });

  it('is nested 16 deep at most, and the message names the innermost job', () => {
    let parent = above();
    for (let depth = 2; depth <= 16; depth++) parent = above({ name: `level ${depth}` }, { from: parent });
    const { message } = refusalOf({}, { from: parent });
    expect(message).toContain(`jobs can be nested 16 deep, and ${parent.job.pk} is the innermost job allowed`);
  });

  it.each(['waiting_on_output', 'debug_hold', 'terminating', 'done'] as const)(
    'is not made by a job that is %s, not even detached',
    (state) => {
      const { job, spec } = above();
      for (const detach of [false, true]) {
        const { type, message } = refusalOf({ detach }, { from: { job: { ...job, state }, spec } });
        expect([type, message]).toEqual(['InvalidState', `${job.pk} cannot start jobs any more: it is ${state}`]);
      }
    },
  );

  it('runs the executable of its parent, and is ready only when nothing is to be waited for or resolved', () => {
    const parent = above();
    const ready = (request: Partial<NewJobRequest>) => planned(newJob(parent, request)).ready;
    expect(planned(newJob(parent)).row).toMatchObject({ executable: applet, timeoutMs: 2_592_000_000 });
    expect(ready({ input: { a: link } })).toBe(true);
    expect(ready({ input: { a: { $dnanexus_link: record } } })).toBe(false);
    expect(ready({ dependsOn: [other] })).toBe(false);
    expect(ready({ input: { a: { job: other, field: 'x' } } })).toBe(false);
    expect(plan().ready).toBe(false);
  });

  it('is on demand only if its own call says so', () => {
    const parent = above({ headJobOnDemand: true });
    expect(planned(newJob(parent)).spec.headJobOnDemand).toBe(false);
    expect(planned(newJob(parent, { headJobOnDemand: true })).spec.headJobOnDemand).toBe(true);
  });
});

describe('a request', () => {
  const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  const ask = (request: object) => prepareInput({ input: {}, dependsOn: [], ...request }, undefined);
  const jobs = (count: number) =>
    Array.from({ length: count }, (_, index) => deriveId('job', 'u', 'many', String(index)));
  const bytesBeside = (bytes: number) => ({
    details: 'x'.repeat(bytes - Buffer.byteLength('{"dependsOn":[],"details":""}')),
  });
  const bytesOfInput = (bytes: number) => ({ input: { n: 'x'.repeat(bytes - Buffer.byteLength('{"n":""}')) } });
  const references = (count: number) => ({ input: { n: Array(count).fill({ job: other, field: 'f' }) } });
  it.each<[title: string, most: object, tooMuch: object, message: string]>([
    [
      '1,000 entries of dependsOn',
      { dependsOn: jobs(1000) },
      { dependsOn: jobs(1001) },
      '"dependsOn" has 1001 entries',
    ],
    [
      '262,144 bytes beside the input',
      bytesBeside(262_144),
      bytesBeside(262_145),
      '262145 bytes of JSON beside the input',
    ],
    ['1 MiB of input', bytesOfInput(1_048_576), bytesOfInput(1_048_577), 'the input has 1048577 bytes'],
    ['20,000 references', references(20_000), references(20_001), 'more than 20000 references'],
    ['64 levels below its input', { input: { n: nested(64) } }, { input: { n: nested(65) } }, 'deeper than 64'],
    ['64 levels below its own in details', { details: nested(64) }, { details: nested(65) }, 'deeper than 64'],
  ])('may have %s, and no more', (_title, most, tooMuch, message) => {
    expect(ask(most)).not.toHaveProperty('refused');
    const refused = ask(tooMuch);
    expect('refused' in refused && refused.refused).toMatchObject({
      type: 'InvalidInput',
      message: expect.stringContaining(message),
    });
  });

  it('that is nested without an end is refused before anything reads it', () => {
    for (const request of [{ input: { n: nested(200_000) } }, { details: nested(200_000) }]) {
      const refused = ask(request);
      expect('refused' in refused && refused.refused.message).toContain('deeper than 64');
    }
  });

  it('keeps each tag once', () => {
    expect(plan({ tags: ['b', 'a', 'b'] }).spec.tags).toEqual(['b', 'a']);
  });
});

describe('an executable', () => {
  const regions = ['aws:eu-central-1', 'azure:westus'];
  it('runs in the regions that it names, and in any when it names none', () => {
    expect(plan({}, { executable: withSpec({ regions: [...regions, 'aws:us-east-1'] }) }).row.executable).toBe(applet);
    expect(plan({}, { executable: withSpec({}) }).row.executable).toBe(applet);
  });

  it('that cannot run here is refused, with every reason', () => {
    const executable = withSpec({ regions, runSpec: { ...appletSpec.runSpec, interpreter: 'python2.7' } });
    const refused = refusalOf({}, { executable });
    expect(refused.type).toBe('InvalidInput');
    expect(refused.message).toContain(`${applet} needs python2.7, which no worker of this platform has`);
    expect(refused.message).toContain(
      `${applet} name aws:eu-central-1, azure:westus, and ${project} is in aws:us-east-1`,
    );
  });
});

it.each([
  ['/', []],
  ['/out/a', ['out', 'a']],
])('the folder "%s" has the names %j', (folder, names) => {
  expect(folderNames(folder)).toEqual(names);
});

it('an output folder that is not a path is refused', () => {
  const refused = normaliseFolder({ ...runFacts().request, folder: 'out' });
  expect('refused' in refused && refused.refused).toMatchObject({
    type: 'InvalidInput',
    message: expect.stringMatching(/^expected key "folder" of input to /),
  });
});

it('a decision is returned, and a refusal is thrown', () => {
  const refused = refusalOf({ debug: 5 });
  expect(accepted({ project })).toEqual({ project });
  expect(() => accepted({ refused })).toThrow(refused);
});

it.each([
  ['/', '/'],
  ['/out//a/', '/out/a'],
])('the output folder "%s" is kept as %s', (given, folder) => {
  expect(normaliseFolder({ ...runFacts().request, folder: given })).toEqual({ ...runFacts().request, folder });
});
