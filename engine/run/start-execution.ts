// Starts an execution of an executable (docs/reference/api.md, "Running an executable" and "Running from inside a
// job"). It loads the facts, and core/run makes the plan.

import type { JobId, ProjectId } from '../../core/id/identifier.ts';
import { jobWorkspace } from '../../core/job/row.ts';
import { folderNames, normaliseFolder } from '../../core/run/output-folder.ts';
import { planRun } from '../../core/run/plan-run.ts';
import { prepareInput } from '../../core/run/prepare-input.ts';
import { accepted } from '../../core/run/refusal.ts';
import type { RunRequest } from '../../core/run/request.ts';
import type { Sight } from '../access/sight.ts';
import { ensureFolder } from '../container/enter-folder.ts';
import { ensureProjectCache } from '../container/project-cache.ts';
import { createJob } from '../job/birth.ts';
import { withoutAnalyses } from '../job/refer-to-stages.ts';
import { fillMetadata } from './fill-metadata.ts';
import { findWanted, onlyInWorkspace } from './find-wanted.ts';
import { loadExecutable, type NamedExecutable } from './load-executable.ts';
import { identifyJob, type Repeatable } from './repeat.ts';
import { findProject, loadCallingJob, whereaboutsOf } from './run-context.ts';

/**
 * Starts an execution. For a user it is a new tree. For a job it is a branch of the job's tree or, if detached, a new
 * tree. A call is idempotent by its nonce.
 *
 * @throws ApiError InvalidInput, ResourceNotFound or PermissionDenied when the caller may not run this
 */
export async function startExecution(
  sight: Sight,
  call: Repeatable & { readonly request: RunRequest },
  named: NamedExecutable,
): Promise<{ readonly id: JobId }> {
  const { context, caller } = sight;
  const { id, digest, exists } = await identifyJob(context, caller, call);
  if (exists) return { id };
  const request = accepted(normaliseFolder(call.request));
  const project = await findProject(sight, request, named.id);
  const from = await loadCallingJob(sight);
  const where = whereaboutsOf(from, request, project.id);
  const { leavesTree } = where;
  const executable = await loadExecutable(sight, leavesTree ? preferProject(named, project.id) : named, project);
  if (leavesTree && from !== undefined && executable.place === jobWorkspace(from.job))
    throw onlyInWorkspace(named.id, project.id);
  const asked = accepted(prepareInput(await withoutAnalyses(sight, request), executable.spec.inputSpec));
  const found = await findWanted(sight, asked.wanted, where);
  const prepared = await fillMetadata(context, asked, found);
  const user = caller.user;
  const now = context.now();
  const plan = accepted(planRun({ id, digest, now, request, prepared, found, user, from, executable, project }));
  // The folder of a run is there also when no output lands in it. Below a job it is a folder of that job's workspace.
  if (from === undefined || leavesTree) await ensureFolder(context, project.id, folderNames(request.folder));
  if (executable.kind === 'app') await ensureProjectCache(context, project.id, executable);
  return createJob(context, plan);
}

/** A detached run may begin when the place where its applet was found is gone. */
function preferProject(named: NamedExecutable, project: ProjectId): NamedExecutable {
  return named.kind === 'applet' && named.object.placements.has(project) ? { ...named, place: project } : named;
}
