// /project-xxxx/destroy: invisible at once, emptied then; what does not fit into this call goes on in the background.

import type { z } from 'zod';
import { invalidState, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { destroyProject as destroy, findUnfinishedTree } from '../../../engine/removal/project.ts';
import type { PlaceCall } from '../../route.ts';
import type { destroyProjectInput } from '../../schemas/project.ts';

/** With unfinished jobs and no `terminateJobs` it is InvalidState: `dx rmproject` asks its user then. */
export async function destroyProject(call: PlaceCall<z.output<typeof destroyProjectInput>>) {
  const { context, caller, place, level, input } = call;
  if (!isId(place, 'project')) throw resourceNotFound(place);
  const project = await loadProject(context, place);
  // The answer to the first call was lost: clients repeat it (docs/reference/api.md, "Retries").
  if (project === undefined) return { id: place };
  if (project.settings.destroyProtected === true) {
    throw permissionDenied(`destroy ${place}, which is destroyProtected`, 'that setting to be false', level);
  }
  const unfinished = input.terminateJobs ? undefined : await findUnfinishedTree(context, place);
  if (unfinished !== undefined) {
    const found =
      unfinished === 'unknown' ? 'too many jobs to look at them all' : `unfinished jobs, ${unfinished} among them`;
    throw invalidState(`${place} has ${found}: say "terminateJobs" to end them`);
  }
  await destroy(context, place, caller.user, { endTrees: input.terminateJobs });
  return { id: place };
}
