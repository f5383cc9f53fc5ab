// The row of a project, for tests that do not use the API.

import type { ProjectId, UserId } from '../../core/id/identifier.ts';
import { type ProjectFacts, projectRow } from '../../core/row/containers.ts';
import { setMember } from '../../engine/container/project.ts';
import type { MemoryContext } from './context.ts';
import { planJob } from './plan.ts';

/** Puts an empty project without members. `more` are further attributes of its row. */
export async function putProject(
  context: MemoryContext,
  id: ProjectId,
  more: { destroyed?: true } = {},
): Promise<void> {
  await context.rows.put('containers', { ...projectRow(id, projectFacts), ...more });
}

/** Puts the project of the jobs that `planJob` plans. Alice, who launches them, is a member. */
export async function putProjectOfAlice(context: MemoryContext): Promise<void> {
  const { project, launchedBy } = planJob('any').row;
  await putProjectOf(context, project, launchedBy);
}

/** Puts a project with one member. */
export async function putProjectOf(context: MemoryContext, project: ProjectId, member: UserId): Promise<void> {
  await putProject(context, project);
  await setMember(context, project, member, 'CONTRIBUTE');
}

export const projectFacts: ProjectFacts = {
  name: 'test',
  summary: '',
  description: '',
  settings: {},
  tags: [],
  properties: {},
  created: 0,
  createdBy: 'user-alice',
  modified: 0,
  billTo: 'user-alice',
  region: 'aws:us-east-1',
  version: 1,
};
