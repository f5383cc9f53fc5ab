// The rows of apps and global workflows: their names, their versions, and the lists of their users.

import type { Aliases, Series } from '../app/series.ts';
import type { PublishedClass, VersionFacts } from '../app/version.ts';
import type { Key, Row } from '../context.ts';
import type { ContainerId, PublishedId, UserId } from '../id/identifier.ts';
import type { Member } from './containers.ts';
import { defineRow, readRow } from './kind.ts';

type ResourcesRow = { readonly owner: PublishedId; readonly region: string };
type SeriesRow = Omit<Series, 'className' | 'name'>;

export const seriesKind = defineRow<SeriesRow>({
  table: 'containers',
  name: 'series',
  pk: 'series#{published name}',
  sk: 'A',
  meaning: 'A name of apps or global workflows: its versions, its aliases, and the people who may use it.',
  fields: {
    required: {
      developers: { each: 'text' },
      authorizedUsers: { each: 'text' },
      categories: { each: 'text' },
      versions: 'map',
      tags: 'map',
      installs: 'number',
      revision: 'number',
    },
    optional: {},
  },
});
export const versionKind = defineRow<VersionFacts>({
  table: 'containers',
  name: 'version',
  pk: '{published}',
  sk: 'A',
  meaning: 'One version of an app or a global workflow. When it is deleted, the row stays and says so.',
  fields: {
    required: {
      name: 'text',
      version: 'text',
      title: 'text',
      openSource: 'flag',
      billTo: 'text',
      createdBy: 'text',
      created: 'number',
      modified: 'number',
      editions: 'map',
      revision: 'number',
      digest: 'text',
    },
    optional: { published: 'number', deleted: [true] },
  },
});
export const versionBodyKind = defineRow<{ readonly body: Uint8Array }>({
  table: 'containers',
  name: 'version body',
  pk: '{published}',
  sk: 'B',
  meaning: 'The description, the details and the access of a version, compressed.',
  fields: { required: { body: 'bytes' }, optional: {} },
});
export const resourcesKind = defineRow<ResourcesRow>({
  table: 'containers',
  name: 'resources',
  pk: '{container}',
  sk: 'R',
  meaning: 'A container with the resources of a version, for one region. It has no project.',
  fields: { required: { owner: 'text', region: 'text' }, optional: {} },
});
export const seriesEntryKind = defineRow<object>({
  table: 'containers',
  name: 'entry of series',
  pk: '{member}',
  sk: 'S#{published name}',
  meaning: 'The user, or everybody, may see that name. This is a hint: the row of the series decides.',
  fields: { required: {}, optional: {} },
});
export const installKind = defineRow<object>({
  table: 'containers',
  name: 'install',
  pk: '{user}',
  sk: 'I#{published name}',
  meaning: 'The user has that name in the list of installed apps.',
  fields: { required: {}, optional: {} },
});

/** @param name `app-<name>` or `globalworkflow-<name>` */
export function seriesKey(name: string): Key {
  return { pk: `${seriesPartition}${name}`, sk: 'A' };
}

export function seriesRow(series: Series): Row {
  const { className, name, developers, authorizedUsers, categories, versions, tags, installs, revision } = series;
  return {
    ...seriesKey(`${className}-${name}`),
    developers: [...developers],
    authorizedUsers: [...authorizedUsers],
    categories: [...categories],
    versions: { ...versions } as Record<string, string>,
    tags: { ...tags } as Record<string, string>,
    ...{ installs, revision },
  };
}

/** Reads a name. The result is undefined when there is no row. */
export function readSeries(row: Row | undefined): Series | undefined {
  if (row === undefined) return undefined;
  const { pk, sk, ...facts } = readRow(seriesKind, row);
  const full = pk.slice(seriesPartition.length);
  const dash = full.indexOf('-');
  return {
    ...facts,
    className: full.slice(0, dash) as PublishedClass,
    name: full.slice(dash + 1),
    versions: facts.versions as Aliases,
    tags: facts.tags as Aliases,
  };
}

export function versionKey(id: PublishedId): Key {
  return { pk: id, sk: 'A' };
}

export function versionRow(id: PublishedId, facts: VersionFacts): Row {
  const editions = Object.entries(facts.editions).map(([region, edition]) => [region, { ...edition }]);
  return { ...versionKey(id), ...facts, editions: Object.fromEntries(editions) };
}

/** Reads a version, deleted or not. The result is undefined when there is no row. */
export function readVersion(row: Row | undefined): VersionFacts | undefined {
  if (row === undefined) return undefined;
  const { pk, sk, ...facts } = readRow(versionKind, row);
  return facts;
}

export function versionBodyKey(id: PublishedId): Key {
  return { pk: id, sk: 'B' };
}

/** @param body a `VersionBody`, packed */
export function versionBodyRow(id: PublishedId, body: Uint8Array): Row {
  return { ...versionBodyKey(id), body };
}

/** Reads the compressed value. The result is undefined when there is no row. */
export function readVersionBody(row: Row | undefined): Uint8Array | undefined {
  return row === undefined ? undefined : readRow(versionBodyKind, row).body;
}

export function resourcesKey(container: ContainerId): Key {
  return { pk: container, sk: 'R' };
}

export function resourcesRow(container: ContainerId, facts: ResourcesRow): Row {
  return { ...resourcesKey(container), ...facts };
}

/** Reads the resources of a version. The result is undefined when there is no row. */
export function readResources(row: Row | undefined): ResourcesRow | undefined {
  return row === undefined ? undefined : readRow(resourcesKind, row);
}

export function seriesEntryKey(member: Member, name: string): Key {
  return { pk: member, sk: `${seriesEntryPrefix}${name}` };
}

/** The name that an entry leads to. */
export function readSeriesEntry(row: Row): string {
  return readRow(seriesEntryKind, row).sk.slice(seriesEntryPrefix.length);
}

export function installKey(user: UserId, name: string): Key {
  return { pk: user, sk: `${installPrefix}${name}` };
}

/** The name that a user has installed. */
export function readInstall(row: Row): string {
  return readRow(installKind, row).sk.slice(installPrefix.length);
}

const seriesPartition = 'series#';
export const seriesEntryPrefix = 'S#';
export const installPrefix = 'I#';
