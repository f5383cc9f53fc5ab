// The rows of projects and other places: settings, members and folders.

import { type Level, levels } from '../access/level.ts';
import type { Folder, Removal } from '../container/folder-tree.ts';
import type { Key, Row, Value } from '../context.ts';
import {
  type AppId,
  type ContainerId,
  isId,
  isUserId,
  type PlaceId,
  type ProjectId,
  type UserId,
} from '../id/identifier.ts';
import { defineRow, readRow } from './kind.ts';
import { nameKey } from './name-key.ts';

/** The member that a membership is for: a user, or everybody. */
export type Member = UserId | 'PUBLIC';

/**
 * The facts about a project apart from its content. `settings` holds the flags and limits of docs/reference/api.md,
 * "New projects", by their names.
 */
export type ProjectFacts = {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly settings: { readonly [name: string]: Value };
  readonly tags: readonly string[];
  readonly properties: { readonly [name: string]: string };
  readonly created: number;
  readonly createdBy: UserId;
  readonly modified: number;
  readonly billTo: string;
  readonly region: string;
  /** Counts the changes. */
  readonly version: number;
};
type ProjectRow = ProjectFacts & {
  /** Nobody sees the project any more, and its content is being removed. */
  readonly destroyed?: true;
  readonly destroyedBy?: UserId;
  /** Counts the changes of memberships. */
  readonly memberRevision?: number;
};
type ContainerRow = {
  readonly project: ProjectId;
  readonly app?: AppId;
  /** The name of the app, without `app-`. */
  readonly appName?: string;
  readonly created?: number;
};
type MemberLevel = { readonly member: Member; readonly level: Level };
type FolderRow = { readonly folderId: string; readonly name: string; readonly removing?: Removal };

export const projectKind = defineRow<ProjectRow>({
  table: 'containers',
  name: 'project',
  pk: '{project}',
  sk: 'A',
  meaning: 'The name, settings and metadata of a project. When a project is destroyed, this row goes last.',
  fields: {
    required: {
      name: 'text',
      summary: 'text',
      description: 'text',
      settings: 'map',
      tags: { each: 'text' },
      properties: 'map',
      created: 'number',
      createdBy: 'text',
      modified: 'number',
      billTo: 'text',
      region: 'text',
      version: 'number',
    },
    optional: { destroyed: [true], destroyedBy: 'text', memberRevision: 'number' },
  },
});
export const containerKind = defineRow<ContainerRow>({
  table: 'containers',
  name: 'container',
  pk: '{container}',
  sk: 'A',
  meaning: 'The project of a container that is not a workspace. A project cache has the app that keeps data in it.',
  fields: { required: { project: 'text' }, optional: { app: 'text', appName: 'text', created: 'number' } },
});
export const cacheKind = defineRow<object>({
  table: 'containers',
  name: 'cache',
  pk: '{project}',
  sk: 'C#{container}',
  meaning: 'A project cache of the project.',
  fields: { required: {}, optional: {} },
});
export const memberKind = defineRow<{ readonly level: Level }>({
  table: 'containers',
  name: 'member',
  pk: '{project}',
  sk: 'U#{member}',
  meaning: 'The level of a member, or of everybody, in the project.',
  fields: { required: { level: levels }, optional: {} },
});
export const membershipKind = defineRow<object>({
  table: 'containers',
  name: 'membership',
  pk: '{member}',
  sk: 'P#{project}',
  meaning: 'The member may see that project. This is a hint: the row of the member decides.',
  fields: { required: {}, optional: {} },
});
export const folderKind = defineRow<FolderRow>({
  table: 'containers',
  name: 'folder',
  pk: '{place}',
  sk: 'F#{folder}#{name}',
  meaning: 'A folder by the id of its parent and its name. Its content refers to its own id.',
  fields: { required: { folderId: 'text', name: 'text' }, optional: { removing: ['all', 'empty'] } },
});
export const folderChangesKind = defineRow<{ readonly count: number }>({
  table: 'containers',
  name: 'folder changes',
  pk: '{place}',
  sk: 'M',
  meaning: 'The number of changes of the tree of folders. It allows one change at a time.',
  fields: { required: { count: 'number' }, optional: {} },
});
export const fullKind = defineRow<{ readonly countedAt: number }>({
  table: 'containers',
  name: 'full',
  pk: '{place}',
  sk: 'N',
  meaning: 'The place has the maximum number of folders; the row has the time when they were counted.',
  fields: { required: { countedAt: 'number' }, optional: {} },
});

/** The key of a project's own row, or of a container's. */
export function placeKey(place: PlaceId): Key {
  return { pk: place, sk: 'A' };
}

/** True for the key of a place's own row, among the rows of that place. */
export function isPlaceKey(key: Key): boolean {
  return key.sk === 'A';
}

export function projectRow(id: ProjectId, facts: ProjectFacts): Row {
  const { tags, properties, settings } = facts;
  return {
    ...placeKey(id),
    ...facts,
    tags: [...tags],
    properties: { ...properties },
    settings: { ...settings },
  };
}

/** A project, destroyed or not. Undefined when there is no row. */
export function readProject(row: Row | undefined): ProjectRow | undefined {
  if (row === undefined) return undefined;
  const { pk, sk, ...project } = readRow(projectKind, row);
  return project;
}

/** Reads a container that is not a workspace. The result is undefined when there is no row. */
export function readContainer(row: Row | undefined): ContainerRow | undefined {
  return row === undefined ? undefined : readRow(containerKind, row);
}

/** The row of a project cache. */
export function cacheRow(cache: ContainerId, facts: Required<ContainerRow>): Row {
  return { ...placeKey(cache), ...facts };
}

/** The key by which a project names one of its caches. */
export function cacheKey(project: ProjectId, cache: ContainerId): Key {
  return { pk: project, sk: `${cachePrefix}${cache}` };
}

/** The container that a cache's key names. */
export function readCache(row: Row): ContainerId {
  const id = readRow(cacheKind, row).sk.slice(cachePrefix.length);
  if (!isId(id, 'container')) throw new Error(`The row ${row.pk} · ${row.sk} of containers names no container`);
  return id;
}

export function memberKey(id: ProjectId, member: Member): Key {
  return { pk: id, sk: `${memberPrefix}${member}` };
}

export function memberRow(id: ProjectId, member: Member, level: Level): Row {
  return { ...memberKey(id, member), level };
}

/** A member with a level. Undefined when there is no row. */
export function readMember(row: Row): MemberLevel;
export function readMember(row: Row | undefined): MemberLevel | undefined;
export function readMember(row: Row | undefined): MemberLevel | undefined {
  if (row === undefined) return undefined;
  const member = memberOf(row);
  const { level } = readRow(memberKind, row);
  if (member === undefined) throw new Error(`The row ${row.pk} · ${row.sk} of containers names no member`);
  return { member, level };
}

/** The member of a member's key. Undefined for the key of another row of the project. */
export function memberOf({ sk }: Key): Member | undefined {
  const member = sk.slice(memberPrefix.length);
  return sk.startsWith(memberPrefix) && (isUserId(member) || member === 'PUBLIC') ? member : undefined;
}

export function membershipKey(member: Member, project: PlaceId): Key {
  return { pk: member, sk: `${membershipPrefix}${project}` };
}

/** The project of a membership. */
export function readMembership(row: Row): ProjectId {
  const id = readRow(membershipKind, row).sk.slice(membershipPrefix.length);
  if (!isId(id, 'project')) throw new Error(`The row ${row.pk} · ${row.sk} of containers names no project`);
  return id;
}

export function folderKey(place: PlaceId, parentId: string, name: string): Key {
  return { pk: place, sk: `${subfolderPrefix(parentId)}${nameKey(name)}` };
}

/** The beginning of the sort keys of the folders directly in a folder. */
export function subfolderPrefix(parentId: string): string {
  return `${folderPrefix}${parentId}#`;
}

export function folderRow(key: Key, folder: FolderRow): Row {
  return { ...key, ...folder };
}

/** A folder. Undefined when there is no row. */
export function readFolder(row: Row): Folder;
export function readFolder(row: Row | undefined): Folder | undefined;
export function readFolder(row: Row | undefined): Folder | undefined {
  if (row === undefined) return undefined;
  const { sk, folderId: id, name, removing } = readRow(folderKind, row);
  const parentId = sk.slice(folderPrefix.length, sk.indexOf('#', folderPrefix.length));
  return removing === undefined ? { id, parentId, name } : { id, parentId, name, removing };
}

export function folderChangesKey(place: PlaceId): Key {
  return { pk: place, sk: 'M' };
}

export function folderChangesRow(place: PlaceId, count: number): Row {
  return { ...folderChangesKey(place), count };
}

/** How often the tree of folders was changed. Undefined when there is no row. */
export function readFolderChanges(row: Row | undefined): number | undefined {
  return row === undefined ? undefined : readRow(folderChangesKind, row).count;
}

export function fullKey(place: PlaceId): Key {
  return { pk: place, sk: 'N' };
}

export function fullRow(place: PlaceId, countedAt: number): Row {
  return { ...fullKey(place), countedAt };
}

/** When the folders of a full place were counted. Undefined when there is no row. */
export function readFull(row: Row | undefined): number | undefined {
  return row === undefined ? undefined : readRow(fullKind, row).countedAt;
}

/** The beginning of the sort keys of project caches. */
export const cachePrefix = 'C#';
/** The beginning of the sort keys of members. */
export const memberPrefix = 'U#';
/** The beginning of the sort keys of folders. */
export const folderPrefix = 'F#';
/** The beginning of the sort keys of memberships. */
export const membershipPrefix = 'P#';
