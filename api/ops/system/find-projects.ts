// /system/findProjects (dx-api.md §7.4): newest first.

import type { z } from 'zod';
import { atLeast, type Level } from '../../../core/access/level.ts';
import type { Context } from '../../../core/context.ts';
import { invalidInput } from '../../../core/error/api-error.ts';
import { isId, type ProjectId } from '../../../core/id/identifier.ts';
import { within } from '../../../core/object/find-filter.ts';
import { holdsForProperties, holdsForSet } from '../../../core/pattern/boolean-tree.ts';
import { usualStepBudget } from '../../../core/pattern/regexp.ts';
import { loadLevel } from '../../../engine/container/level.ts';
import { loadMember, loadMemberships, loadProjects, type Project } from '../../../engine/container/project.ts';
import { forEach } from '../../../engine/object/each.ts';
import type { KnownCall } from '../../route.ts';
import type { findProjectsInput } from '../../schemas/find.ts';
import { projectDescription } from '../project/describe.ts';
import { compiled } from './find-data-objects.ts';
import { absoluteRange } from './time-range.ts';

type Input = z.output<typeof findProjectsInput>;

export async function findProjects({ context, caller, input }: KnownCall<Input>) {
  const ids = await candidateIds(context, caller.user, input);
  const projects = (await loadProjects(context, ids)).filter((project) => project !== undefined);
  const matching = projects.filter(matcher(context, input));
  const levels = await forEach(matching, ({ id }) => loadLevel(context, caller, id));
  const visible = matching
    .flatMap((project, index) => {
      const level = levels[index];
      return level !== undefined && atLeast(level, input.level) ? [{ project, level }] : [];
    })
    .sort((first, second) => (key(first.project) < key(second.project) ? 1 : -1));
  const { starting } = input;
  const rest = starting == null ? visible : visible.filter(({ project }) => key(project) < starting);
  const page = rest.slice(0, input.limit);
  const results = await forEach(page, (seen) => toResult(context, caller.user, seen, input));
  const last = page.at(-1);
  return { results, next: rest.length > page.length && last !== undefined ? key(last.project) : null };
}

/** Sorts as text: when it was created, then its id. */
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

async function toResult(
  context: Context,
  user: Parameters<typeof loadMemberships>[1],
  { project, level }: { project: Project; level: Level },
  { describe }: Input,
) {
  const [own, shared] = await Promise.all([
    loadMember(context, project.id, user),
    loadMember(context, project.id, 'PUBLIC'),
  ]);
  const permissionSources = [...(own === undefined ? [] : [user]), ...(shared === undefined ? [] : ['PUBLIC'])];
  const result = { id: project.id, level, permissionSources, public: shared !== undefined };
  if (describe === false) return result;
  const request = describe === true ? {} : describe;
  return { ...result, describe: await projectDescription(context, { project, level }, request) };
}
