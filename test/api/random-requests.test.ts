// Sends ten thousand random requests over every route to the platform in memory. Every answer must be a success or one
// of the errors that the API lists, never an internal error. The test prints its seed when it fails.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { routes } from '../../api/routes.ts';
import { expectRefusal, expectStorable } from './expect-reply.ts';
import { givenFile, givenPlatform, givenProject, givenRecord, type Platform } from './given.ts';

test('every random request gets an answer of the API', async () => {
  const answered = new Map<string, number>();
  const visited = new Set<string>();
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e9));
  for (let round = 0; round < roundCount; round++) await requestAtRandom(seed + round, visited, answered);
  const share = (answered.get('success') ?? 0) / (roundCount * requestsPerRound);
  expect(visited.size).toBe(routes.length);
  expect(share, 'share of successes').toBeGreaterThan(0.05);
  const expected = ['InvalidInput', 'InvalidState', 'InvalidAuthentication', 'PermissionDenied', 'ResourceNotFound'];
  expect([...answered.keys()]).toEqual(expect.arrayContaining(expected));
}, 120_000);

/** Each round begins with new projects and objects, because random requests destroy them sooner or later. */
async function requestAtRandom(seed: number, visited: Set<string>, answered: Map<string, number>): Promise<void> {
  const platform = await givenPlatform(seed);
  const known = await givenThings(platform);
  platform.context.rows.onChange = ({ after }) => expectStorable(after);
  const request = fc.constantFrom(...routes).chain((route) =>
    fc.record({
      route: fc.constant(route.path),
      path: pathOf(route.path, known),
      input: fc.oneof(
        { weight: 4, arbitrary: plausibleInput(known) },
        { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 4 }) },
      ),
      who: fc.constantFrom('alice' as const, 'alice' as const, 'alice' as const, 'bob' as const, 'nobody' as const),
    }),
  );
  const property = fc.asyncProperty(request, async ({ route, path, input, who }) => {
    const reply = await platform[who].send(path, JSON.parse(JSON.stringify(input)));
    visited.add(route);
    const outcome = reply.status === 200 ? 'success' : expectRefusal(reply);
    answered.set(outcome, (answered.get(outcome) ?? 0) + 1);
  });
  await fc.assert(property, { seed, numRuns: requestsPerRound, endOnFailure: true });
}

type Known = { readonly ids: readonly string[]; readonly byClass: ReadonlyMap<string, string[]> };

async function givenThings(platform: Platform): Promise<Known> {
  const { alice, bob } = platform;
  const ids: string[] = ['user-alice', 'user-bob', 'user-nobody', 'PUBLIC'];
  for (const [client, name] of [
    [alice, 'a'],
    [alice, 'b'],
    [bob, 'c'],
  ] as const) {
    const project = await givenProject(client, name);
    ids.push(project);
    if (client === bob) continue;
    await alice.call(`/${project}/newFolder`, { folder: '/a/b', parents: true });
    for (let count = 0; count < 3; count++) {
      ids.push(await givenRecord(alice, project, { folder: '/a', name: 'x' }), await givenFile(platform, project));
      ids.push((await alice.call('/file/new', { project, name: 'open' })).id);
      const runSpec = { interpreter: 'bash', code: 'true' };
      ids.push((await alice.call('/applet/new', { project, runSpec, name: 'applet' })).id);
    }
  }
  ids.push(...(await givenExecutables(platform)));
  const nothing = [
    'file',
    'record',
    'applet',
    'project',
    'container',
    'job',
    'analysis',
    'app',
    'workflow',
    'globalworkflow',
  ];
  ids.push(...nothing.map((className) => `${className}-${'0'.repeat(24)}`));
  return { ids, byClass: Map.groupBy(ids, (id) => id.split('-')[0] ?? '') };
}

/** An app and a workflow of Alice, with an applet that both run. */
async function givenExecutables({ alice }: Platform): Promise<string[]> {
  const project = await givenProject(alice, 'executables');
  const specs = { inputSpec: [{ name: 'x', class: 'string', optional: true }], outputSpec: [] };
  const runSpec = { interpreter: 'bash', code: 'true', version: '0', distribution: 'Ubuntu', release: '24.04' };
  const applet = (await alice.call('/applet/new', { project, runSpec, ...specs })).id;
  const app = (await alice.call('/app/new', { applet, name: 'known', version: '1.0.0' })).id;
  const workflow = (await alice.call('/workflow/new', { project, stages: [{ id: 's', executable: applet }] })).id;
  return [project, applet, app, 'app-known', workflow];
}

/** A path whose id has mostly the right class, and is sometimes any id or nonsense. */
function pathOf(pattern: string, { ids, byClass }: Known): fc.Arbitrary<string> {
  const className = pattern.slice(1).split('-xxxx')[0] ?? '';
  const method = pattern.split('/').at(-1) ?? '';
  if (!pattern.includes('-xxxx')) return fc.constant(pattern);
  const subject = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...(byClass.get(className) ?? ids)) },
    { weight: 1, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map((text) => `${className}-${text}`) },
  );
  const alias = pattern.includes('[/yyyy]') ? fc.constantFrom('', '/1.0.0', '/%2F') : fc.constant('');
  return fc.tuple(subject, alias).map(([id, version]) => `/${id}${version}/${method}`);
}

/** Hashes with keys that routes read, and with values that are often of the right kind. */
function plausibleInput(known: Known): fc.Arbitrary<object> {
  const id = fc.constantFrom(...known.ids);
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom('x', '__proto__', '', '\0', '\ud800', '(a*)*', '*'),
  );
  const folder = fc.constantFrom(
    '/',
    '/a',
    '/a/b',
    '/new',
    '/new/x',
    '//',
    '/..',
    'a',
    '/\u0001',
    `/${'long'.repeat(300)}`,
  );
  const hash = fc.dictionary(
    fc.oneof(text, fc.constantFrom('$dnanexus_link', 'name', 'user-bob', 'id')),
    fc.oneof(text, id, fc.jsonValue()),
  );
  const link = id.map((target) => ({ $dnanexus_link: target }));
  const describe = fc.oneof(
    fc.boolean(),
    fc.record({ fields: fc.dictionary(text, fc.boolean()), defaultFields: fc.boolean() }, { requiredKeys: [] }),
  );
  const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 1, 5, 1e30, -1));
  const right: Record<string, fc.Arbitrary<unknown>> = {
    ...{
      project: id,
      id,
      objects: fc.array(fc.oneof(id, fc.record({ id, name: text, project: id }, { requiredKeys: [] })), {
        maxLength: 4,
      }),
    },
    ...{ folder, destination: folder, newpath: folder, folders: fc.array(folder, { maxLength: 3 }), path: folder },
    ...{
      name: fc.oneof(
        text,
        fc.record({ glob: text }),
        fc.record({ regexp: text, flags: fc.constantFrom('i', 'g', '') }, { requiredKeys: ['regexp'] }),
      ),
    },
    ...{
      tags: fc.oneof(fc.array(text, { maxLength: 3 }), hash),
      types: fc.array(text, { maxLength: 3 }),
      properties: hash,
    },
    ...{
      details: fc.oneof(hash, link, fc.array(link, { maxLength: 3 })),
      nonce: fc.constantFrom('n1', 'n2', ''),
      describe,
      fields: fc.dictionary(text, fc.boolean()),
    },
    ...{
      parents: fc.boolean(),
      hidden: fc.boolean(),
      recurse: fc.boolean(),
      force: fc.boolean(),
      partial: fc.boolean(),
      close: fc.boolean(),
    },
    ...{
      index: number,
      size: number,
      md5: fc.constantFrom('5d41402abc4b2a76b9719d911017c592', 'x'),
      duration: number,
      limit: number,
    },
    ...{
      scope: fc.record({ project: id, folder, recurse: fc.boolean() }, { requiredKeys: ['project'] }),
      starting: fc.oneof(text, hash),
      version: number,
    },
    ...{
      invitee: id,
      level: fc.constantFrom('NONE', 'VIEW', 'UPLOAD', 'CONTRIBUTE', 'ADMINISTER', 'x'),
      created: fc.record({ after: number, before: number }),
    },
    ...{
      runSpec: fc.record({ interpreter: fc.constantFrom('bash', 'python3'), code: text }),
      inputSpec: fc.array(hash, { maxLength: 2 }),
      input: hash,
    },
    ...{
      username: text,
      password: text,
      expires: number,
      tokenSignature: text,
      inputs: fc.dictionary(text, fc.constantFrom('(.*)', '(')),
      filename: text,
    },
    ...{
      executable: id,
      function: text,
      dependsOn: fc.array(id, { maxLength: 2 }),
      class: fc.constantFrom('file', 'record', 'job'),
      state: fc.constantFrom('open', 'done', 'x'),
    },
    ...{
      originJob: id,
      rootExecution: fc.array(id, { maxLength: 2 }),
      try: number,
      token: text,
      job: id,
      task: text,
      launch: number,
      output: hash,
    },
    ...{
      initializeFrom: fc.record({ id, project: id }, { requiredKeys: ['id'] }),
      sortBy: fc.constant({ field: 'name', ordering: 'ascending' }),
      link: id,
    },
  };
  const keys = Object.keys(right);
  const wrong = fc.jsonValue({ maxDepth: 2 });
  const entry = fc
    .constantFrom(...keys)
    .chain((key) =>
      fc.tuple(
        fc.constant(key),
        fc.oneof({ weight: 6, arbitrary: right[key] ?? wrong }, { weight: 1, arbitrary: wrong }),
      ),
    );
  const base = fc.record({ project: id, folder, objects: right.objects ?? wrong, name: text }, { requiredKeys: [] });
  return fc
    .tuple(base, fc.array(entry, { maxLength: 6 }))
    .map(([start, entries]) => ({ ...start, ...Object.fromEntries(entries) }));
}

const roundCount = 40;
const requestsPerRound = 250;
