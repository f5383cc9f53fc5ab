// The rows of projects and of who is a member. Knows no folders and no objects.

import type { Level } from '../../core/access/level.ts';
import { isLevel } from '../../core/access/level.ts';
import type { Context, Row, Value, Write } from '../../core/context.ts';
import { randomId, randomIdByteCount } from '../../core/id/derive.ts';
import { isId, isUserId, type ProjectId, type UserId } from '../../core/id/identifier.ts';
import { allRows } from '../store/all-rows.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

/** Who a membership is for: a user, or everybody. */
export type Member = UserId | 'PUBLIC';

/**
 * What a project is, apart from what is in it. `settings` holds the flags and limits of docs/reference/api.md,
 * "New projects" by their names.
 */
export type Project = {
  readonly id: ProjectId;
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
  readonly version: number;
};

/** Creates a project with one member, its creator, who may do everything. */
export async function createProject(
  context: Context,
  facts: Pick<
    Project,
    'name' | 'summary' | 'description' | 'settings' | 'tags' | 'properties' | 'createdBy' | 'billTo'
  >,
): Promise<ProjectId> {
  const id = randomId('project', context.random(randomIdByteCount));
  const now = context.now();
  const { tags, properties, settings, ...texts } = facts;
  const row = {
    ...projectKey(id),
    ...texts,
    tags: [...tags],
    properties: { ...properties },
    settings: { ...settings },
    created: now,
    modified: now,
    region: context.settings.region,
    version: 1,
  };
  const { createdBy: user } = facts;
  await context.rows.put('containers', { pk: user, sk: `P#${id}` });
  await context.rows.transact([
    { kind: 'put', table: 'containers', row, expected: 'absent' },
    { kind: 'put', table: 'containers', row: { ...memberKey(id, user), level: 'ADMINISTER' } },
  ]);
  return id;
}

/** The project of an id; undefined when there is none, or it was destroyed. */
export async function loadProject(context: Context, id: ProjectId): Promise<Project | undefined> {
  const row = await context.rows.get('containers', projectKey(id));
  return row === undefined || row.destroyed === true ? undefined : toProject(id, row);
}

/** Parallel to `ids`. */
export async function loadProjects(context: Context, ids: readonly ProjectId[]): Promise<(Project | undefined)[]> {
  const rows = await context.rows.getMany('containers', ids.map(projectKey));
  return rows.map((row, index) => {
    const id = ids[index];
    return row === undefined || id === undefined || row.destroyed === true ? undefined : toProject(id, row);
  });
}

/**
 * Changes a project and counts its version up. Undefined when it is gone or, with `version`, when it is not at that
 * version any more.
 *
 * @throws ApiError ServiceUnavailable when many others change it at once
 */
export async function updateProject(
  context: Context,
  id: ProjectId,
  change: (project: Project) => { readonly [name: string]: Value | undefined },
  version?: number,
): Promise<Project | undefined> {
  return retryWhileChanged(`"${id}"`, async () => {
    const project = await loadProject(context, id);
    if (project === undefined || (version !== undefined && version !== project.version)) return undefined;
    const set = { ...change(project), modified: context.now(), version: project.version + 1 };
    const row = await context.rows.update('containers', projectKey(id), { set }, { version: project.version });
    return row === undefined ? changed : toProject(id, row);
  });
}

/** Makes a project invisible to everybody at once; what is in it is then taken away page by page. */
export async function markProjectDestroyed(context: Context, id: ProjectId, by: UserId): Promise<void> {
  await context.rows.update('containers', projectKey(id), { set: { destroyed: true, destroyedBy: by } });
}

/** Who destroyed a project; undefined when nobody did, or nothing of it is left. */
export async function loadDestroyer(context: Context, id: ProjectId): Promise<UserId | undefined> {
  const row = await context.rows.get('containers', projectKey(id));
  return row?.destroyed === true && isUserId(row.destroyedBy) ? row.destroyedBy : undefined;
}

/** Everybody's level in a project, as rows say it. */
export async function loadMembers(context: Context, id: ProjectId): Promise<Map<Member, Level>> {
  const members = new Map<Member, Level>();
  for await (const row of allRows(context, 'containers', { pk: id, prefix: 'U#' })) {
    if (isLevel(row.level)) members.set(row.sk.slice(2) as Member, row.level);
  }
  return members;
}

/** Makes a member, or gives one a higher level. The list row is a hint, so it comes first. */
export async function setMember(context: Context, id: ProjectId, member: Member, level: Level) {
  await context.rows.put('containers', { pk: member, sk: `P#${id}` });
  await context.rows.put('containers', { ...memberKey(id, member), level });
}

/**
 * Changes memberships in one step, by what `decide` says to all of them as they are in that moment; an undefined level ends
 * one. `decide` may be asked again, and may throw.
 *
 * @throws ApiError ServiceUnavailable when many others change them at once
 */
export async function changeMembers(
  context: Context,
  id: ProjectId,
  decide: (members: ReadonlyMap<Member, Level>) => ReadonlyMap<Member, Level | undefined>,
): Promise<void> {
  await retryWhileChanged(`the members of ${id}`, async () => {
    const memberRevision = (await context.rows.get('containers', projectKey(id)))?.memberRevision as number | undefined;
    const changes = [...decide(await loadMembers(context, id))];
    const change = { set: { memberRevision: (memberRevision ?? 0) + 1 } };
    const saved = await context.rows.transact([
      { kind: 'update', table: 'containers', key: projectKey(id), change, expected: { memberRevision } },
      ...changes.map(([member, level]): Write => {
        const key = memberKey(id, member);
        return level === undefined
          ? { kind: 'delete', table: 'containers', key }
          : { kind: 'put', table: 'containers', row: { ...key, level } };
      }),
    ]);
    if (!saved) return changed;
    const ended = changes.filter(([, level]) => level === undefined);
    for (const [member] of ended) await context.rows.delete('containers', { pk: member, sk: `P#${id}` });
    return undefined;
  });
}

/** What decides a user's level, in one read: whether the project is there, and what it gives to them and to everybody. */
export async function loadStanding(
  context: Context,
  id: ProjectId,
  user: UserId,
): Promise<{ readonly exists: boolean; readonly own?: Level; readonly shared?: Level }> {
  const keys = [projectKey(id), memberKey(id, user), memberKey(id, 'PUBLIC')];
  const [project, own, shared] = await context.rows.getMany('containers', keys);
  return {
    exists: project !== undefined && project.destroyed !== true,
    ...(isLevel(own?.level) ? { own: own.level } : {}),
    ...(isLevel(shared?.level) ? { shared: shared.level } : {}),
  };
}

/** The same for several projects at once, parallel to `ids`. */
export async function loadStandings(
  context: Context,
  ids: readonly ProjectId[],
  user: UserId,
): Promise<{ readonly exists: boolean; readonly own: Level | undefined; readonly shared: Level | undefined }[]> {
  const keys = ids.flatMap((id) => [projectKey(id), memberKey(id, user), memberKey(id, 'PUBLIC')]);
  const rows = await context.rows.getMany('containers', keys);
  const levelAt = (index: number) => {
    const level = rows[index]?.level;
    return isLevel(level) ? level : undefined;
  };
  return ids.map((_, index) => {
    const project = rows[3 * index];
    const exists = project !== undefined && project.destroyed !== true;
    return { exists, own: levelAt(3 * index + 1), shared: levelAt(3 * index + 2) };
  });
}

/** The level that one member's row gives. */
export async function loadMember(context: Context, id: ProjectId, member: Member): Promise<Level | undefined> {
  const row = await context.rows.get('containers', memberKey(id, member));
  return isLevel(row?.level) ? row.level : undefined;
}

/** The projects that a member's list names, as hints: whether they may still see one is for the level to say. */
export async function loadMemberships(context: Context, member: Member): Promise<ProjectId[]> {
  const found: ProjectId[] = [];
  const list = { pk: member, prefix: 'P#', maximumRowCount: maximumMembershipCount };
  for await (const { sk } of allRows(context, 'containers', list)) {
    const id = sk.slice(2);
    if (isId(id, 'project')) found.push(id);
  }
  return found;
}

function toProject(id: ProjectId, row: Row): Project {
  const { pk, sk, ...facts } = row;
  return { ...(facts as unknown as Omit<Project, 'id'>), id };
}

/** Row A, which is there as long as anything may be put into the project. */
export function projectKey(id: ProjectId) {
  return { pk: id, sk: 'A' };
}

function memberKey(id: ProjectId, member: Member) {
  return { pk: id, sk: `U#${member}` };
}

/** Projects of one user that a search looks through. */
const maximumMembershipCount = 10_000;
