// Tests the rules of a series of versions: who claims a name, which aliases a version has, and the limits of a name.

import { describe, expect, it, test } from 'vitest';
import { checkName, checkRequest, maximumResourceCount } from '../../core/app/check-request.ts';
import { chooseEdition } from '../../core/app/edition.ts';
import {
  addTags,
  addToList,
  addVersion,
  aliasesOf,
  idOfAlias,
  removeFromList,
  removeTags,
  removeVersion,
  type Series,
  seesVersion,
  seriesOfVersion,
  standingOf,
} from '../../core/app/series.ts';
import type { VersionFacts } from '../../core/app/version.ts';
import { deriveId } from '../../core/id/derive.ts';
import type { AppId } from '../../core/id/identifier.ts';

const app = (version: string): AppId => deriveId('app', 'test', '/app/new', version);
const claim = (version: string, user: `user-${string}` = 'user-alice') => {
  return { className: 'app', name: 'count', version, id: app(version), user } as const;
};
const made = (decision: ReturnType<typeof addVersion>): Series => {
  if ('refused' in decision) throw decision.refused;
  return decision;
};
const refusal = (decision: ReturnType<typeof addVersion>) =>
  'refused' in decision ? `${decision.refused.type}: ${decision.refused.message}` : undefined;
const withVersions = (...versions: string[]): Series => {
  const first = made(addVersion(undefined, claim(versions[0] ?? '')));
  return versions.slice(1).reduce((series, version) => made(addVersion(series, claim(version))), first);
};

describe('a new version', () => {
  it('claims a free name for its creator, and is the default if it is the first', () => {
    const series = withVersions('1.0.0', '2.0.0');
    expect(series).toMatchObject({ developers: ['user-alice'], authorizedUsers: [], installs: 0 });
    expect(aliasesOf(series, app('1.0.0'))).toEqual(['1.0.0', 'default']);
    expect(aliasesOf(series, app('2.0.0'))).toEqual(['2.0.0']);
    expect(seriesOfVersion(app('1.0.0'), series)).toBe('app-count');
  });

  it('is refused to all but developers, and for an alias that exists', () => {
    const series = { ...withVersions('1.0.0'), authorizedUsers: ['user-bob'] as const };
    expect(refusal(addVersion(series, claim('2.0.0', 'user-bob')))).toMatch(/^PermissionDenied: .*the right to run it/);
    expect(refusal(addVersion(series, claim('2.0.0', 'user-eve')))).toMatch(
      /^PermissionDenied: .*somebody else’s name/,
    );
    expect(refusal(addVersion(series, claim('1.0.0')))).toMatch(/^InvalidInput: Specified name and version conflict/);
    const tagged = made(addTags(series, app('1.0.0'), ['beta']));
    expect(refusal(addVersion(tagged, claim('beta')))).toMatch(/^InvalidInput: Specified name and version conflict/);
  });

  it('is refused when the name has a thousand', () => {
    const versions = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`1.0.${at}`, app('1.0.0')]));
    const full = { ...withVersions('1.0.0'), versions };
    expect(refusal(addVersion(full, claim('2.0.0')))).toMatch(/^InvalidInput: app-count has 1000 versions/);
  });

  it('becomes the default again when all others were deleted', () => {
    const empty = removeVersion(withVersions('1.0.0'), app('1.0.0'));
    expect(empty).toMatchObject({ versions: {}, tags: {}, developers: ['user-alice'] });
    expect(idOfAlias(made(addVersion(empty, claim('2.0.0'))))).toBe(app('2.0.0'));
  });
});

describe('tags', () => {
  const series = withVersions('1.0.0', '2.0.0');

  it('move to the version that gets them, and are removed from their version only', () => {
    const moved = made(addTags(series, app('2.0.0'), ['default', 'new']));
    expect(aliasesOf(moved, app('2.0.0'))).toEqual(['2.0.0', 'default', 'new']);
    expect(removeTags(moved, app('1.0.0'), ['default', 'new'])).toEqual(moved);
    expect(aliasesOf(removeTags(moved, app('2.0.0'), ['new']), app('2.0.0'))).toEqual(['2.0.0', 'default']);
  });

  test.each(['1.0.0', '7.1.2', '7.1.2-rc.1', 'a/b', '', '-x', 'x'.repeat(129)])('%j is not a tag', (tag) => {
    expect(refusal(addTags(series, app('1.0.0'), [tag]))).toMatch(/^InvalidInput: the tag/);
  });

  it('are at most a hundred', () => {
    const tags = Array.from({ length: 99 }, (_, at) => `t${at}`);
    const full = made(addTags(series, app('1.0.0'), tags));
    expect(refusal(addTags(full, app('1.0.0'), ['one-more']))).toMatch(/^InvalidInput: .* at most 100 tags/);
    expect(refusal(addTags(full, app('2.0.0'), ['t0']))).toBeUndefined();
  });

  it('are not added to a version that is gone', () => {
    expect(refusal(addTags(series, app('3.0.0'), ['x']))).toMatch(/^InvalidState: .* was deleted/);
  });

  it.each(['constructor', 'toString', '__proto__'])('%s is not an alias that nobody gave', (alias) => {
    expect(idOfAlias(series, alias)).toBeUndefined();
  });
});

describe('people', () => {
  const series = withVersions('1.0.0');

  it('see published versions when they are authorized, and all when they are developers', () => {
    const shared = made(addToList(series, 'authorizedUsers', ['PUBLIC']));
    expect([standingOf(series, 'user-bob'), standingOf(shared, 'user-bob')]).toEqual([undefined, 'authorized']);
    expect(standingOf(shared, 'user-alice')).toBe('developer');
    expect([seesVersion('developer', {}), seesVersion('authorized', {}), seesVersion(undefined, {})]).toEqual([
      ...[true, false, false],
    ]);
    expect([seesVersion('authorized', { published: 1 }), seesVersion(undefined, { published: 1 })]).toEqual([
      true,
      false,
    ]);
  });

  test.each([
    ['developers', 100],
    ['authorizedUsers', 1_000],
    ['categories', 100],
  ] as const)('%s are at most %i', (list, limit) => {
    const names = Array.from({ length: limit }, (_, at) => `user-${at}`);
    const full = made(addToList({ ...series, [list]: [] }, list, names));
    expect(full[list]).toHaveLength(limit);
    expect(refusal(addToList(full, list, ['user-more']))).toBe(
      `InvalidInput: expected "${list}" to have at most ${limit} entries`,
    );
    expect(made(addToList(full, list, ['user-0']))[list]).toHaveLength(limit);
  });

  it('keep one developer', () => {
    expect(refusal(removeFromList(series, 'developers', ['user-alice']))).toMatch(/^InvalidState/);
    expect(made(removeFromList(series, 'developers', ['user-bob'])).developers).toEqual(['user-alice']);
    expect(made(removeFromList(series, 'authorizedUsers', ['user-bob'])).authorizedUsers).toEqual([]);
  });
});

describe('a request', () => {
  const applet = deriveId('applet', 'test', '', '');
  const problems = (body: object) => {
    const checked = checkRequest('app', { applet, ...body });
    return 'problems' in checked ? checked.problems : [];
  };
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`aws:r-${at}`, { applet }]));

  test.each<[object, RegExp]>([
    [{ title: 'x'.repeat(10_001) }, /"title" must be a string of at most 10000 bytes/],
    [{ details: 'x' }, /"details" must be a hash or an array/],
    [{ openSource: 'yes' }, /"openSource" must be true or false/],
    [{ treeTurnaroundTimeThreshold: -1 }, /"treeTurnaroundTimeThreshold" must be a number of seconds/],
    [{ httpsApp: [] }, /"httpsApp" must be a hash/],
    [{ access: { developer: 1 } }, /access.developer must be true or false/],
    [{ resources: ['x'] }, /"resources" must be a project, or an array of at most 1000 objects/],
    [{ resources: Array.from({ length: maximumResourceCount + 1 }, () => applet) }, /"resources" must be/],
    [{ applet: undefined, regionalOptions: {} }, /"regionalOptions" must be a hash of regions, each with "applet"/],
    [{ applet: undefined, regionalOptions: { 'aws:x-y-1': {} } }, /"regionalOptions.aws:x-y-1.applet" must be the id/],
    [{ applet: undefined, regionalOptions: many(51) }, /"regionalOptions" must have at most 50 regions/],
    [{ regionalOptions: many(1) }, /give "applet" or "regionalOptions", not both/],
  ])('with %j is refused', (body, problem) => {
    expect(problems(body).join()).toMatch(problem);
  });

  it('may leave out everything, or set fields to null as clients do', () => {
    expect(problems({ applet: null, title: null, resources: null })).toEqual([]);
    expect(problems({ applet: undefined, regionalOptions: many(50) })).toEqual([]);
    expect(checkRequest('app', { developers: ['x'], authorizedUsers: ['y'] })).toMatchObject({ own: {} });
  });

  test.each([
    ['count', '1.0.0', 0],
    ['Count_1.2-x', 'foo', 0],
    ['', '1.0.0', 1],
    ['a b', 'default', 2],
    ['x'.repeat(24), '1/0', 2],
  ])('of the name %j and the version %j has %i problems', (name, version, count) => {
    expect(checkName(name, version)).toHaveLength(count);
  });
});

it('a version runs in its regions, and nowhere when it was deleted', () => {
  const edition = { executable: deriveId('applet', 'test', '', ''), resources: deriveId('container', 'test', '', '') };
  const facts = { name: 'count', version: '1.0.0', editions: { 'aws:us-east-1': edition } } as unknown as VersionFacts;
  expect(chooseEdition(app('1.0.0'), facts, 'aws:us-east-1')).toBe(edition);
  const elsewhere = chooseEdition(app('1.0.0'), facts, 'toString');
  expect(elsewhere).toMatchObject({ refused: { type: 'InvalidInput' } });
  const deleted = chooseEdition(app('1.0.0'), { ...facts, deleted: true }, 'aws:us-east-1');
  expect(deleted).toMatchObject({ refused: { type: 'InvalidState' } });
});
