// /system/findProjects (docs/reference/api.md, "Finding projects"): newest first.

import type { z } from 'zod';
import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { isId, type ProjectId, type UserId } from '../../../core/id/identifier.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { within } from '../../../core/object/find-filter.ts';
import { holdsForProperties, holdsForSet } from '../../../core/pattern/boolean-tree.ts';
import { usualStepBudget } from '../../../core/pattern/regexp.ts';
import { loadLevel, standingLevel } from '../../../engine/access/level.ts';
import { loadMemberships, loadProjects, loadStandings, type Project } from '../../../engine/container/project.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { KnownCall } from '../../route.ts';
import type { findProjectsInput } from '../../schemas/find.ts';
import { projectDescription } from '../project/describe.ts';
import { compiled } from './find-data-objects.ts';
import { absoluteRange } from './time-range.ts';

type Input = z.output<typeof findProjectsInput>;

type Seen = { readonly project: Project; readonly level: Level; readonly own: boolean; readonly shared: boolean };

export async function findProjects({ context, caller, input }: KnownCall<Input>) {
  const ids = await candidateIds(context, caller.user, input);
  const projects = (await loadProjects(context, ids)).filter((project) => project !== undefined);
  const { starting, limit } = input;
  const matching = projects
    .filter((project) => starting == null || key(project) < starting)
    .filter(matcher(context, input))
    .sort((first, second) => (key(first) < key(second) ? 1 : -1));
  const seen: Seen[] = [];
  for (let from = 0; from < matching.length && seen.length <= limit; from += seenAtOnce) {
    const some = await lookAt(context, caller, matching.slice(from, from + seenAtOnce));
    seen.push(...some.filter(({ level }) => atLeast(level, input.level)));
  }
  const page = seen.slice(0, limit);
  const results = await mapLimited(page, (one) => toResult(context, caller.user, one, input));
  const last = page.at(-1);
  return { results, next: seen.length > page.length && last !== undefined ? key(last.project) : null };
}

/**
 * The projects that the caller may see, with the reason. Many are read at a time, because a user may have thousands.
 */
async function lookAt(context: Context, caller: KnownCaller, projects: readonly Project[]): Promise<Seen[]> {
  const ids = projects.map(({ id }) => id);
  const standings = await loadStandings(context, ids, caller.user);
  const levels = await mapLimited([...standings.entries()], async ([index, { exists, own, shared }]) => {
    const level = exists ? standingLevel(own, shared) : undefined;
    const id = ids[index];
    return caller.kind === 'user' || level === undefined || id === undefined ? level : loadLevel(context, caller, id);
  });
  return projects.flatMap((project, index) => {
    const level = levels[index];
    const { own, shared } = standings[index] ?? {};
    return level === undefined ? [] : [{ project, level, own: own !== undefined, shared: shared !== undefined }];
  });
}

/** Sorts as text: by the time of creation, then by the id. */
function key({ created, id }: Project): string {
  return `${String(created).padStart(13, '0')}#${id}`;
}

async function candidateIds(context: Context, user: Parameters<typeof loadMemberships>[1], input: Input) {
  const own = input.public === true && input.explicitPermission !== true ? [] : await loadMemberships(context, user);
  const shared = input.public === true ? await loadMemberships(context, 'PUBLIC') : [];
  const listed = [...new Set([...own, ...shared])];
  if (input.id === undefined) return listed;
  const asked: ProjectId[] = [input.id].flat().filter((id) => isId(id, 'project'));
  return input.explicitPermission === true ? asked.filter((id) => listed.includes(id)) : [...new Set(asked)];
}

function matcher(context: Context, input: Input): (project: Project) => boolean {
  const name = compiled(input.name);
  const created = absoluteRange(input.created, context.now());
  const budget = { left: usualStepBudget };
  const oneOf = (wanted: string | string[] | null | undefined, found: string) =>
    wanted == null || [wanted].flat().includes(found);
  return (project) => {
    const named = name?.test(project.name, budget) ?? true;
    if (named === 'exhausted') throw invalidInput('the pattern in key "name" of input takes too long: make it simpler');
    const { settings } = project;
    return (
      named &&
      oneOf(input.region, project.region) &&
      oneOf(input.billTo, project.billTo) &&
      within(created, project.created) &&
      (input.tags === undefined || holdsForSet(input.tags, project.tags)) &&
      (input.properties === undefined || holdsForProperties(input.properties, project.properties)) &&
      (input.containsPHI == null || settings.containsPHI === input.containsPHI) &&
      (input.externalUploadRestricted == null || settings.externalUploadRestricted === input.externalUploadRestricted)
    );
  };
}

async function toResult(context: Context, user: UserId, { project, level, own, shared }: Seen, { describe }: Input) {
  const permissionSources = [...(own ? [user] : []), ...(shared ? ['PUBLIC'] : [])];
  const result = { id: project.id, level, permissionSources, public: shared };
  if (describe === false) return result;
  const request = describe === true ? {} : describe;
  return { ...result, describe: await projectDescription(context, { project, level }, request) };
}

/** Projects in one look: three keys each, of the hundred that DynamoDB reads at once. */
const seenAtOnce = 33;
