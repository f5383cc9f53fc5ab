// Sends hostile values in every key of every route, one at a time in an otherwise valid input. Each must get an answer
// of the API, and every row must be one that the database can store.

import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { routes, workerRoutes } from '../../api/routes.ts';
import { newJobInput, runInput } from '../../api/schemas/execution.ts';
import { emptyInput } from '../../api/schemas/object.ts';
import type { Caller } from '../../core/identity/caller.ts';
import { asJob, givenApplet, givenProject as givenPlace, givenWorld, run } from './execution-world.ts';
import { expectRefusal, expectStorable } from './expect-reply.ts';
import { givenFile, givenPlatform, givenProject, givenRecord, type Platform } from './given.ts';

const nothing = (className: string) => `${className}-${'B'.repeat(24)}`;
const nested = (depth: number) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as unknown;
const hostile: readonly unknown[] = [
  ...[null, true, 0, -1, 0.5, 1e20, 1e200, 1e-200, 2 ** 53, Number.POSITIVE_INFINITY],
  ...[
    '',
    '/',
    '/..',
    '//',
    '../../etc/passwd',
    '__proto__',
    '\0',
    '\ud800',
    '\u202e\u001b[2J',
    'x'.repeat(20_000),
    '*',
  ],
  ...[nothing('file'), nothing('job'), nothing('project'), `${nothing('file')}x`, 'user-bob', 'PUBLIC', 'NONE'],
  ...[[], [null], [1], [''], ['x'], ['\0'], [{}], [[]], [Number.POSITIVE_INFINITY], [nothing('record')]],
  ...[
    {},
    { a: null },
    { a: 1 },
    { a: 1e200 },
    { a: 1e-200 },
    { '': 'x' },
    { '*': {} },
    { '*': 1 },
    { ['k'.repeat(3_000)]: '' },
  ],
  ...[
    { $dnanexus_link: 1 },
    { $dnanexus_link: nothing('file') },
    { $dnanexus_link: { job: 'x', field: 1 } },
    { $and: [] },
  ],
  ...[
    { glob: '*****a' },
    { regexp: '(a+)+$' },
    { regexp: '(' },
    { after: 1e308, before: -1e308 },
    { fields: { x: true } },
  ],
  ...[JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": "v"}'), nested(58), nested(200)],
  ...[
    Array.from({ length: 5_000 }, () => 'x'),
    Object.fromEntries(Array.from({ length: 2_000 }, (_, key) => [key, 'v'])),
  ],
];

type Things = { readonly project: string; readonly other: string; readonly job: string } & Record<string, string>;

async function givenThings(platform: Platform): Promise<Things> {
  const { alice } = platform;
  const [project, other] = [await givenProject(alice), await givenProject(alice, 'other')];
  await alice.call(`/${project}/newFolder`, { folder: '/a/b', parents: true });
  const runSpec = { interpreter: 'bash', code: '' };
  const applet = (await alice.call('/applet/new', { project, runSpec })).id;
  const job = (await alice.call(`/${applet}/run`, { project, input: {} })).id;
  return { project, other, job, applet, container: `container-${job.slice(4)}`, user: 'user-alice' };
}

/** An input that the route accepts. */
function rightInput(path: string, { project, other, record }: Things): Record<string, unknown> {
  const method = path.split('/').at(-1) ?? '';
  const some: Readonly<Record<string, Record<string, unknown>>> = {
    ...{ new: { project, name: 'n', runSpec: { interpreter: 'bash', code: '' } }, run: { project, input: {} } },
    ...{ upload: { index: 1, size: 5, md5: '5d41402abc4b2a76b9719d911017c592' }, rename: { project, name: 'n' } },
    ...{ addTags: { tags: ['t'] }, removeTags: { tags: ['t'] }, setProperties: { properties: { a: 'b' } } },
    ...{ addTypes: { types: ['T'] }, removeTypes: { types: ['T'] }, setVisibility: { hidden: false } },
    ...{ newFolder: { folder: '/n', parents: true }, removeFolder: { folder: '/n', force: true } },
    ...{ renameFolder: { folder: '/a', newpath: '/a' }, move: { objects: [record], destination: '/a' } },
    ...{ clone: { objects: [], project: other }, removeObjects: { objects: [] } },
    ...{ invite: { invitee: 'user-bob', level: 'VIEW' }, validateBatch: { batchInput: {} } },
    ...{ resolveDataObjects: { objects: [], project }, describeDataObjects: { objects: [] } },
    ...{ describeProjects: { projects: [] }, describeExecutions: { executions: [] } },
    ...{ generateBatchInputs: { project, inputs: { a: '(.*)' } }, newAuthToken: { username: 'x', password: 'y' } },
  };
  return some[method] ?? {};
}

/** The keys that a route reads. `undefined` stands for the whole input. */
function keysOf(route: (typeof routes)[number]): readonly (string | undefined)[] {
  const schema = route.schema instanceof z.ZodPipe ? route.schema.in : route.schema;
  return [undefined, ...(schema instanceof z.ZodObject ? Object.keys(schema.shape) : [])];
}

async function subjectOf(path: string, platform: Platform, things: Things): Promise<string> {
  const className = path.slice(1).split('-xxxx')[0] ?? '';
  if (className === 'file') return givenFile(platform, things.project);
  if (className === 'record') return givenRecord(platform.alice, things.project);
  return things[className] ?? nothing(className);
}

const called = routes.filter(
  (route) => !workerRoutes.includes(route) && !/destroy$|leave$|AuthToken$|comeBackLater$/.test(route.path),
);

describe('every hostile value gets an answer of the API', () => {
  test.each(called.map((route) => [route.path, route] as const))('on %s', async (path, route) => {
    const platform = await givenPlatform();
    const things = await givenThings(platform);
    platform.context.rows.onChange = ({ after }) => expectStorable(after);
    const method = path.split('/').at(-1);
    let refusals = 0;
    for (const key of keysOf(route)) {
      const subject = path.includes('-xxxx') ? await subjectOf(path, platform, things) : '';
      const right = rightInput(path, { ...things, record: subject });
      for (const value of hostile) {
        const input = key === undefined ? value : { ...right, [key]: value };
        const reply = await platform.alice.send(subject === '' ? path : `/${subject}/${method}`, input);
        if (reply.status !== 200) expectRefusal(reply);
        if (reply.status !== 200) refusals++;
      }
    }
    // Where no input is needed, everything that can be stored is accepted.
    expect(refusals).toBeGreaterThan(route.schema === emptyInput ? 0 : hostile.length / 2);
  });
});

test('every hostile value in a call of a running job gets an answer of the API', async () => {
  const world = await givenWorld();
  const project = await givenPlace(world);
  const applet = await givenApplet(world, project, {
    inputSpec: [
      { name: 'a', class: 'array:file', optional: true, choices: [{ $dnanexus_link: nothing('file') }] },
      { name: 'n', class: 'int', default: 3, choices: [1, 2] },
      { name: 'h', class: 'hash', optional: true },
    ],
  });
  let caller: Caller | undefined;
  world.programs.set('main', async (claimed) => {
    caller = await asJob(world, claimed);
    return undefined;
  });
  await run(world, applet, { project, input: {} });
  await world.platform.run();
  world.context.rows.onChange = ({ after }) => expectStorable(after);
  const calls = [
    ['/job/new', Object.keys(newJobInput.shape), { function: 'f', input: {} }],
    [`/${applet}/run`, Object.keys(runInput.shape), { input: {} }],
    [`/${applet}/run`, ['a', 'n', 'h'], undefined],
  ] as const;
  let accepted = 0;
  for (const [path, keys, right] of calls) {
    for (const key of keys) {
      for (const value of hostile) {
        const input = right === undefined ? { input: { [key]: value } } : { ...right, [key]: value };
        const reply = await world.call(path, input, caller as Caller);
        if (reply.status === 200) accepted++;
        else expectRefusal(reply);
      }
    }
  }
  expect(caller).toBeDefined();
  expect(accepted).toBeGreaterThan(100);
});

test('a number that the database cannot store is refused', async () => {
  const { alice } = await givenPlatform();
  for (const value of [1e200, 1e-200, 2 ** 60]) {
    for (const key of ['monthlyComputeLimit', 'monthlyEgressBytesLimit', 'monthlyStorageLimit']) {
      expect(await alice.refusal('/project/new', { name: 'n', [key]: value })).toMatch(/^422 InvalidInput/);
    }
  }
});
