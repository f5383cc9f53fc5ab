// Tests searches for apps: which names and versions a user finds, and by which conditions. Bob is a second tenant.

import { beforeEach, describe, expect, it, test } from 'vitest';
import { type Client, givenPlatform, givenProject, type Platform } from './given.ts';

let platform: Platform;
let alice: Client;
let bob: Client;
beforeEach(async () => {
  platform = await givenPlatform();
  ({ alice, bob } = platform);
  const project = await givenProject(alice);
  const runSpec = { interpreter: 'bash', code: '', distribution: 'Ubuntu', release: '24.04', version: '0' };
  const applet = (await alice.call('/applet/new', { project, runSpec, inputSpec: [], outputSpec: [] })).id;
  for (const [name, version] of [
    ['align', '1.0.0'],
    ['align', '1.1.0'],
    ['count', '0.1.0'],
  ] as const) {
    const { id } = await alice.call('/app/new', { name, version, applet, title: `The ${name}` });
    if (name === 'align') await alice.call(`/${id}/publish`);
    platform.context.clock.now += 1_000;
  }
  await alice.call('/app-align/addCategories', { categories: ['Mapping'] });
});

async function found(client: Client, input: object = {}): Promise<string[]> {
  const { results } = await client.call('/system/findApps', { ...input, describe: true });
  return results.map(({ describe }) => `${describe.name} ${(describe as { version?: string }).version}`);
}

const all = ['align 1.0.0', 'align 1.1.0', 'count 0.1.0'];
const [first, second, third] = all;

describe('a developer finds', () => {
  test.each<[string, object, (string | undefined)[]]>([
    ['the default versions', {}, [first, third]],
    ['all versions', { allVersions: true }, all],
    ['published ones', { published: true, allVersions: true }, [first, second]],
    ['unpublished ones', { published: false }, [third]],
    ['a name', { name: 'count' }, [third]],
    ['a pattern', { name: { glob: 'a*' }, allVersions: true }, [first, second]],
    ['an expression', { name: { regexp: '^C', flags: 'i' } }, [third]],
    ['a category', { category: 'Mapping' }, [first]],
    ['another category', { category: 'Statistics' }, []],
    ['a payer', { billTo: 'user-alice' }, [first, third]],
    ['a creator', { createdBy: 'user-bob' }, []],
    ['a developer', { developer: 'user-alice' }, [first, third]],
    ['a user', { authorizedUser: 'user-bob' }, []],
    ['those before a time', { created: { before: 1_700_000_000_000 }, allVersions: true }, [first]],
    ['those after a time', { created: { after: -2_500 }, allVersions: true }, [second, third]],
    ['those that changed', { modified: { after: -1_500 }, allVersions: true }, [third]],
  ])('%s', async (_, input, wanted) => {
    expect(await found(alice, input)).toEqual(wanted);
  });
});

it('another user finds the published versions that they may run', async () => {
  expect(await found(bob, { allVersions: true })).toEqual([]);
  await alice.call('/app-align/addAuthorizedUsers', { authorizedUsers: ['user-bob'] });
  await alice.call('/app-count/addAuthorizedUsers', { authorizedUsers: ['PUBLIC'] });
  expect(await found(bob, { allVersions: true })).toEqual([first, second]);
  await alice.call('/app-align/removeAuthorizedUsers', { authorizedUsers: ['user-bob'] });
  expect(await found(bob, { allVersions: true })).toEqual([]);
});

it('the pages of a search give each version once, with the fields that are asked for', async () => {
  const pages: unknown[] = [];
  let starting: unknown = null;
  do {
    const request = { allVersions: true, limit: 1, starting, describe: { fields: { version: true, installed: true } } };
    const page = await alice.call('/system/findApps', request);
    pages.push(page.results.map(({ describe }) => describe));
    starting = page.next;
  } while (starting !== null);
  expect(pages.flat()).toEqual(['1.0.0', '1.1.0', '0.1.0'].map((version) => ({ version, installed: false })));
});

it('a search without describe gives ids only, and finds no deleted version', async () => {
  const { id } = await alice.call('/app-count/describe', { fields: { id: true } });
  expect((await alice.call('/system/findApps', { name: 'count' })).results).toEqual([{ id }]);
  await alice.call(`/${id}/delete`);
  expect(await found(alice, { allVersions: true })).toEqual([first, second]);
  expect(await alice.call('/system/findGlobalWorkflows')).toEqual({ results: [], next: null });
});
