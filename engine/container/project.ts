// Reads and writes the rows of projects and of their members.

import type { Level } from '../../core/access/level.ts';
import type { Context, Row, Value, Write } from '../../core/context.ts';
import { randomId, randomIdByteCount } from '../../core/id/derive.ts';
import type { ProjectId, UserId } from '../../core/id/identifier.ts';
import {
  type Member,
  memberKey,
  memberPrefix,
  memberRow,
  membershipKey,
  membershipPrefix,
  type ProjectFacts,
  placeKey,
  projectRow,
  readMember,
  readMembership,
  readProject,
} from '../../core/row/containers.ts';
import { allRows } from '../store/all-rows.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

export type Project = ProjectFacts & { readonly id: ProjectId };

/** Creates a project with one member: its creator, with ADMINISTER. Without a region it is in the default one. */
export async function createProject(
  context: Context,
  facts: Pick<
    Project,
    'name' | 'summary' | 'description' | 'settings' | 'tags' | 'properties' | 'createdBy' | 'billTo'
  > & { readonly region?: string },
): Promise<ProjectId> {
  const id = randomId('project', context.random(randomIdByteCount));
  const now = context.now();
  const { region } = context.settings;
  const row = projectRow(id, { region, ...facts, created: now, modified: now, version: 1 });
  const { createdBy: user } = facts;
  await context.rows.put('containers', membershipKey(user, id));
  await context.rows.transact([
    { kind: 'put', table: 'containers', row, expected: 'absent' },
    { kind: 'put', table: 'containers', row: memberRow(id, user, 'ADMINISTER') },
  ]);
  return id;
}

/** The project with this id; undefined when there is none, or it was destroyed. */
export async function loadProject(context: Context, id: ProjectId): Promise<Project | undefined> {
  return toProject(id, await context.rows.get('containers', placeKey(id)));
}

/** The projects with these ids, parallel to `ids`. */
export async function loadProjects(context: Context, ids: readonly ProjectId[]): Promise<(Project | undefined)[]> {
  const rows = await context.rows.getMany('containers', ids.map(placeKey));
  return rows.map((row, index) => {
    const id = ids[index];
    return id === undefined ? undefined : toProject(id, row);
  });
}

/**
 * Changes a project and increases its version by one.
 *
 * @returns undefined when the project is gone, or when `version` is given and the project has another one
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
    const row = await context.rows.update('containers', placeKey(id), { set }, { version: project.version });
    return row === undefined ? changed : toProject(id, row);
  });
}

/** Makes a project invisible to everybody at once. Its contents are removed afterwards, page by page. */
export async function markProjectDestroyed(context: Context, id: ProjectId, by: UserId): Promise<void> {
  await context.rows.update('containers', placeKey(id), { set: { destroyed: true, destroyedBy: by } });
}

/** The user who destroyed a project; undefined when nobody did, or when its last row is gone. */
export async function loadDestroyer(context: Context, id: ProjectId): Promise<UserId | undefined> {
  const project = readProject(await context.rows.get('containers', placeKey(id)));
  return project?.destroyed === true ? project.destroyedBy : undefined;
}

/** The level of each member of a project, as its rows say it. */
export async function loadMembers(context: Context, id: ProjectId): Promise<Map<Member, Level>> {
  const members = new Map<Member, Level>();
  for await (const row of allRows(context, 'containers', { pk: id, prefix: memberPrefix })) {
    const { member, level } = readMember(row);
    members.set(member, level);
  }
  return members;
}

/** Adds a member, or gives one a higher level. The row of the member's list is a hint, so it is written first. */
export async function setMember(context: Context, id: ProjectId, member: Member, level: Level) {
  await context.rows.put('containers', membershipKey(member, id));
  await context.rows.put('containers', memberRow(id, member, level));
}

/**
 * Changes memberships in one transaction.
 *
 * @param decide gets all members as they are in that moment and returns the changes; an undefined level ends a
 *   membership. It may be called again, and may throw.
 *
 * @throws ApiError ServiceUnavailable when many others change memberships at once
 */
export async function changeMembers(
  context: Context,
  id: ProjectId,
  decide: (members: ReadonlyMap<Member, Level>) => ReadonlyMap<Member, Level | undefined>,
): Promise<void> {
  await retryWhileChanged(`the members of ${id}`, async () => {
    const memberRevision = readProject(await context.rows.get('containers', placeKey(id)))?.memberRevision;
    const changes = [...decide(await loadMembers(context, id))];
    const change = { set: { memberRevision: (memberRevision ?? 0) + 1 } };
    const saved = await context.rows.transact([
      { kind: 'update', table: 'containers', key: placeKey(id), change, expected: { memberRevision } },
      ...changes.map(([member, level]): Write => {
        return level === undefined
          ? { kind: 'delete', table: 'containers', key: memberKey(id, member) }
          : { kind: 'put', table: 'containers', row: memberRow(id, member, level) };
      }),
    ]);
    if (!saved) return changed;
    const ended = changes.filter(([, level]) => level === undefined);
    for (const [member] of ended) await context.rows.delete('containers', membershipKey(member, id));
    return undefined;
  });
}

/** The facts that decide a user's level, in one read: whether the project exists, their own level, and everybody's. */
export async function loadStanding(
  context: Context,
  id: ProjectId,
  user: UserId,
): Promise<{ readonly exists: boolean; readonly own: Level | undefined; readonly shared: Level | undefined }> {
  const keys = [placeKey(id), memberKey(id, user), memberKey(id, 'PUBLIC')];
  const [found, ownRow, sharedRow] = await context.rows.getMany('containers', keys);
  const project = readProject(found);
  const own = readMember(ownRow)?.level;
  const shared = readMember(sharedRow)?.level;
  return {
    exists: project !== undefined && project.destroyed !== true,
    own,
    shared,
  };
}

/** The same for several projects at once, parallel to `ids`. */
export async function loadStandings(
  context: Context,
  ids: readonly ProjectId[],
  user: UserId,
): Promise<{ readonly exists: boolean; readonly own: Level | undefined; readonly shared: Level | undefined }[]> {
  const keys = ids.flatMap((id) => [placeKey(id), memberKey(id, user), memberKey(id, 'PUBLIC')]);
  const rows = await context.rows.getMany('containers', keys);
  const levelAt = (index: number) => readMember(rows[index])?.level;
  return ids.map((_, index) => {
    const project = readProject(rows[3 * index]);
    const exists = project !== undefined && project.destroyed !== true;
    return { exists, own: levelAt(3 * index + 1), shared: levelAt(3 * index + 2) };
  });
}

/** The level that one member's row gives. */
export async function loadMember(context: Context, id: ProjectId, member: Member): Promise<Level | undefined> {
  return readMember(await context.rows.get('containers', memberKey(id, member)))?.level;
}

/** The projects that a member's list names. They are hints: the level decides whether the member may still see one. */
export async function loadMemberships(context: Context, member: Member): Promise<ProjectId[]> {
  const found: ProjectId[] = [];
  const list = { pk: member, prefix: membershipPrefix, maximumRowCount: maximumMembershipCount };
  for await (const row of allRows(context, 'containers', list)) found.push(readMembership(row));
  return found;
}

function toProject(id: ProjectId, row: Row | undefined): Project | undefined {
  const project = readProject(row);
  return project === undefined || project.destroyed === true ? undefined : { ...project, id };
}

/** Projects of one user that a search reads. */
const maximumMembershipCount = 10_000;
