// The facts that all runs share: the calling job, the project, and where the new job may look.

import type { Program } from '../../core/executable/executable.ts';
import type { GlobalWorkflowId, ProjectId } from '../../core/id/identifier.ts';
import type { RunFacts } from '../../core/run/plan-run.ts';
import { chooseProject, enterProject, type ProjectContext } from '../../core/run/project-context.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { RunRequest } from '../../core/run/request.ts';
import type { WorkflowId } from '../../core/workflow/workflow.ts';
import type { Sight } from '../access/sight.ts';
import { loadProject } from '../container/project.ts';
import { loadSpec } from '../store/load-job.ts';
import type { Whereabouts } from './find-wanted.ts';

/** The job that calls, with its specification; undefined for a user. */
export async function loadCallingJob({ context, caller }: Sight): Promise<RunFacts['from']> {
  return caller.kind === 'job' ? { job: caller.job, spec: await loadSpec(context, caller.job.pk) } : undefined;
}

/**
 * The project of a run.
 *
 * @throws ApiError InvalidInput, ResourceNotFound or PermissionDenied when the caller may not run the executable there
 */
export async function findProject(
  sight: Sight,
  request: RunRequest,
  executable: Program['id'] | WorkflowId | GlobalWorkflowId,
): Promise<ProjectContext> {
  const { context, caller } = sight;
  const { project: id } = accepted(chooseProject(caller, request));
  const [level, project] = await Promise.all([sight.levelIn(id), loadProject(context, id)]);
  return accepted(
    enterProject(caller, request, executable, { id, level, region: project?.region, settings: project?.settings }),
  );
}

/** Where a new master job may look for what it refers to. */
export function whereaboutsOf(
  from: RunFacts['from'],
  { detach }: Pick<RunRequest, 'detach'>,
  project: ProjectId,
): Whereabouts {
  const leavesTree = from !== undefined && detach === true;
  const ancestors = from === undefined || leavesTree ? [] : [...from.spec.ancestors, from.job.pk];
  return { project, leavesWorkspace: true, leavesTree, ancestors };
}
