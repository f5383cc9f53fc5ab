// The row of a project, for tests that do not use the API.

import type { ProjectId } from '../../core/id/identifier.ts';
import { type ProjectFacts, projectRow } from '../../core/row/containers.ts';
import type { MemoryContext } from './context.ts';

/** Puts an empty project without members. `more` are further attributes of its row. */
export async function putProject(
  context: MemoryContext,
  id: ProjectId,
  more: { destroyed?: true } = {},
): Promise<void> {
  await context.rows.put('containers', { ...projectRow(id, projectFacts), ...more });
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
