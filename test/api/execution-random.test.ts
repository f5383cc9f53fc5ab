// Sends random requests to the routes of executions. Every answer must be a success or a listed error, never an
// internal error.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { AppletId, JobId, ProjectId } from '../../core/id/identifier.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { alice, asJob, givenApplet, givenFile, givenProject, givenWorld, run, type World } from './execution-world.ts';

let world: World;
let project: ProjectId;
let applet: AppletId;
let job: JobId;
let asTheJob: Caller;
let file: string;

beforeAll(async () => {
  world = await givenWorld();
  project = await givenProject(world);
  applet = await givenApplet(world, project);
  file = await givenFile(world, project);
  world.programs.set('main', async (claimed) => {
    asTheJob = await asJob(world, claimed);
    return undefined;
  });
  job = await run(world, applet, { project, input: {} });
  await world.platform.run();
});

/** Any JSON, mixed with links, ids and hostile keys. */
function hostileValue() {
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      -1,
      1e308,
      '',
      '/',
      '__proto__',
      'a'.repeat(3000),
      '\u0000',
      '\ud800',
      'main',
      '*',
    ),
    fc.constantFrom('job', 'file', 'project', 'applet').map((kind) => ({ job, file, project, applet })[kind]),
    fc.constantFrom<unknown>(
      { $dnanexus_link: 5 },
      { $dnanexus_link: {} },
      { $and: [] },
      { $or: [{ $and: [5] }] },
      { glob: '*\\' },
    ),
    fc.constant('file').map(() => ({ $dnanexus_link: file })),
    fc.constant('job').map(() => ({ $dnanexus_link: { job, field: 'f', index: 0 } })),
    fc.jsonValue({ maxDepth: 2 }),
  );
  return fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(
      fc.oneof(fc.constantFrom('__proto__', '*', 'main', 'instanceType', 'after', 'fields'), fc.string()),
      leaf,
      { maxKeys: 3 },
    ),
  );
}

const keys: { readonly [route: string]: readonly string[] } = {
  '/{applet}/run': [
    ...[
      'input',
      'project',
      'folder',
      'name',
      'tags',
      'properties',
      'details',
      'dependsOn',
      'systemRequirements',
      'nonce',
    ],
    ...[
      'systemRequirementsByExecutable',
      'executionPolicy',
      'timeoutPolicyByExecutable',
      'priority',
      'detach',
      'debug',
    ],
  ],
  '/job/new': [
    'function',
    'input',
    'name',
    'tags',
    'properties',
    'details',
    'dependsOn',
    'systemRequirements',
    'nonce',
  ],
  '/{job}/describe': ['fields', 'defaultFields', 'io', 'try'],
  '/{job}/addTags': ['tags', 'try'],
  '/{job}/removeTags': ['tags', 'try'],
  '/{job}/setProperties': ['properties', 'try'],
  '/{job}/update': ['allowSSH'],
  '/system/findExecutions': [
    ...[
      'class',
      'id',
      'launchedBy',
      'executable',
      'project',
      'state',
      'originJob',
      'parentJob',
      'rootExecution',
      'name',
    ],
    ...['tags', 'properties', 'created', 'includeSubjobs', 'includeRestarted', 'describe', 'limit', 'starting'],
  ],
};

describe('random requests', () => {
  it.each(Object.keys(keys))('get an answer of the API on %s', async (route) => {
    const path = route.replace('{applet}', applet).replace('{job}', job);
    const valid = { input: {}, project, function: 'f', tags: ['a'], properties: { a: 'b' } };
    const kept = Object.entries(valid).filter(([key]) => keys[route]?.includes(key) && !route.includes('find'));
    const body = fc.dictionary(fc.constantFrom(...(keys[route] ?? [])), hostileValue(), { maxKeys: 4 });
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), fc.boolean(), async (changes, whole, byJob) => {
        const input = whole ? { ...Object.fromEntries(kept), ...changes } : changes;
        const { status, body: answer } = await world.call(path, input, byJob ? asTheJob : alice);
        statuses.add(status);
        expect(status).toBeLessThan(500);
        if (status !== 200)
          expect(answer).toMatchObject({ error: { type: expect.any(String), message: expect.any(String) } });
      }),
      { numRuns: 400 },
    );
    expect(statuses.has(200)).toBe(true);
    expect(statuses.has(422)).toBe(true);
  });

  it('leave only jobs that the engine can run', async () => {
    world.programs.clear();
    await world.platform.run();
    const { results } = await world.must('/system/findExecutions', { project, describe: true });
    const jobs = results as { describe: { id: string; state: string; failureReason?: string } }[];
    expect(jobs.length).toBeGreaterThan(50);
    for (const { describe: found } of jobs.filter(({ describe: each }) => each.state === 'failed')) {
      expect(['InputError', 'DependencyUnsatisfiable', 'JobTreeFailure']).toContain(found.failureReason);
    }
  });

  it('are refused when they nest too deep', async () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`);
    for (const [path, input] of [
      [`/${applet}/run`, { project, input: { deep }, nonce: 'n' }],
      [`/${applet}/run`, { project, input: {}, details: { deep } }],
      ['/job/new', { function: 'f', input: { deep }, nonce: 'n' }],
      ['/system/findExecutions', { project, tags: deep }],
    ] as const) {
      const { serve } = await import('../../api/serve.ts');
      const { routes } = await import('../../api/routes.ts');
      const { status } = await serve(world.context, { path, caller: asTheJob, input, headers: {} }, routes);
      expect(status).toBe(422);
    }
  });
});
