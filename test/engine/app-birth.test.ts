// Interrupts the calls that create, update and delete a version of an app at each of their steps: nothing half made is
// seen, a repeated call completes it, and what an interrupted call has copied goes.

import { describe, expect, it } from 'vitest';
import { readResources } from '../../core/row/published.ts';
import { type Client, givenPlatform, givenProject, type Platform, passTime } from '../api/given.ts';

type Given = Platform & { readonly applet: string; readonly other: string };

const runSpec = { interpreter: 'bash', code: 'true', distribution: 'Ubuntu', release: '24.04', version: '0' };

async function givenApplets(): Promise<Given> {
  const platform = await givenPlatform();
  const { alice } = platform;
  const project = await givenProject(alice);
  const bundle = (await alice.call('/record/new', { project, close: true })).id;
  const bundledDepends = [{ name: 'data', id: { $dnanexus_link: bundle } }];
  const body = { project, inputSpec: [], outputSpec: [], runSpec: { ...runSpec, bundledDepends } };
  const applet = (await alice.call('/applet/new', body)).id;
  const other = (await alice.call('/applet/new', { ...body, name: 'other' })).id;
  return { ...platform, applet, other };
}

/** The containers with resources that exist, and the objects in them. */
function resourcesOf({ context }: Platform): Map<string, string[]> {
  const rows = context.rows.all('containers').filter(({ sk }) => sk === 'R');
  const containers = new Map(rows.map((row) => [readResources(row) && row.pk, [] as string[]]) as [string, string[]][]);
  for (const { pk, sk } of context.rows.all('objects')) {
    if (sk.startsWith('P#container-')) containers.set(sk.slice(2), [...(containers.get(sk.slice(2)) ?? []), pk]);
  }
  return containers;
}

type Moment = 'before' | 'after';

/** Makes a call that dies before or after its write number `at`. True when the call had so many writes. */
async function interrupt(
  { context, alice }: Platform,
  { at, moment }: { readonly at: number; readonly moment: Moment },
  [path, input]: readonly [path: string, input: object],
): Promise<boolean> {
  let write = 0;
  context.setHook({
    [moment]: ({ writes }: { readonly writes: boolean }) => {
      if (writes && write++ === at) throw new Error('the process died');
    },
  });
  const died = await alice.send(path, input).then(
    () => false,
    (error: Error) => error.message === 'the process died',
  );
  context.setHook({});
  return died;
}

/** Runs `check` for each moment at which the call can die, on a platform of its own. Returns their number. */
async function atEachStep(
  begin: () => Promise<Given>,
  call: (given: Given) => readonly [path: string, input: object],
  check: (given: Given, client: Client) => Promise<void>,
): Promise<number> {
  let count = 0;
  for (const moment of ['before', 'after'] as const) {
    for (let at = 0; ; at++, count++) {
      const given = await begin();
      if (!(await interrupt(given, { at, moment }, call(given)))) break;
      await check(given, given.alice);
    }
  }
  return count;
}

const newApp = ({ applet }: Given) =>
  ['/app/new', { name: 'count', version: '1.0.0', applet, resources: [applet], nonce: 'n' }] as const;

async function givenApp(): Promise<Given> {
  const given = await givenApplets();
  await given.alice.call(...newApp(given));
  return given;
}

async function isAbsent(alice: Client): Promise<boolean> {
  const { results } = await alice.call('/system/findApps', { allVersions: true });
  const refusal = await alice.send('/app-count/describe');
  return results.length === 0 && refusal.status === 404;
}

describe('a call of /app/new that dies at any step', () => {
  it('leaves no app, or a whole one, and is completed by the same call', async () => {
    const steps = await atEachStep(givenApplets, newApp, async (given, alice) => {
      if (!(await isAbsent(alice))) expect((await alice.call('/app-count/describe')).runSpec).toBeDefined();
      const { id } = await alice.call(...newApp(given));
      await passTime(given.context);
      const described = await alice.call('/app-count/describe');
      expect(described).toMatchObject({ id, aliases: ['1.0.0', 'default'] });
      const resources = resourcesOf(given);
      expect([...resources.keys()]).toEqual([described.resources]);
      expect(resources.get(described.resources as string)).toHaveLength(2);
    });
    expect(steps).toBeGreaterThan(10);
  });

  it('leaves nothing behind when it is not repeated', async () => {
    await atEachStep(givenApplets, newApp, async (given, alice) => {
      const absent = await isAbsent(alice);
      await passTime(given.context);
      expect(await isAbsent(alice)).toBe(absent);
      expect(resourcesOf(given).size).toBe(absent ? 0 : 1);
    });
  });
});

it('two calls with one nonce at once make one app', async () => {
  const given = await givenApplets();
  const calls = [1, 2, 3].map(() => given.alice.call(...newApp(given)));
  const [first, ...others] = await Promise.all(calls);
  expect(others).toEqual([first, first]);
  await passTime(given.context);
  expect(resourcesOf(given).size).toBe(1);
});

it('an update that dies at any step leaves the old applet or the new one, with its bundle', async () => {
  const update = ({ other }: Given) => ['/app-count/update', { applet: other }] as const;
  await atEachStep(givenApp, update, async (given, alice) => {
    await passTime(given.context);
    const { applet, resources } = await alice.call('/app-count/describe');
    const found = resourcesOf(given);
    expect([...found.keys()]).toEqual([resources]);
    expect(found.get(resources as string)).toHaveLength(2);
    expect(found.get(resources as string)).toContain(applet);
    await alice.call(...update(given));
    await passTime(given.context);
    const after = await alice.call('/app-count/describe');
    expect(after.applet).toBe(given.other);
    expect([...resourcesOf(given)].map(([container, { length }]) => [container, length])).toEqual([
      [after.resources, 2],
    ]);
  });
});

it('a deletion that dies at any step leaves the whole app, or none, and is completed by the same call', async () => {
  let id = '';
  const begin = async () => {
    const given = await givenApp();
    id = (await given.alice.call('/app-count/describe')).id;
    return given;
  };
  await atEachStep(
    begin,
    () => [`/${id}/delete`, {}],
    async (given, alice) => {
      const absent = await isAbsent(alice);
      await passTime(given.context);
      expect(await isAbsent(alice)).toBe(absent);
      expect(resourcesOf(given).size).toBe(absent ? 0 : 1);
      await alice.call(`/${id}/delete`);
      await passTime(given.context);
      expect(await isAbsent(alice)).toBe(true);
      expect(resourcesOf(given).size).toBe(0);
    },
  );
});
