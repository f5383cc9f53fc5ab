// /project-xxxx/destroy: the project is invisible at once, and then emptied. The rest of the work goes on in the
// background.

import type { z } from 'zod';
import { invalidState, permissionDenied, resourceNotFound } from '../../../core/error/api-error.ts';
import { isId } from '../../../core/id/identifier.ts';
import { loadProject } from '../../../engine/container/project.ts';
import { destroyProject as destroy, findUnfinishedTree } from '../../../engine/destroy-project.ts';
import type { PlaceCall } from '../../route.ts';
import type { destroyProjectInput } from '../../schemas/project.ts';

/** With unfinished jobs and without `terminateJobs` it is InvalidState: `dx rmproject` then asks its user. */
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
      unfinished === 'unknown' ? 'too many jobs to check them all' : `unfinished jobs, ${unfinished} among them`;
    throw invalidState(`${place} has ${found}: set "terminateJobs" to end them`);
  }
  await destroy(context, place, caller.user, { endTrees: input.terminateJobs });
  return { id: place };
}
