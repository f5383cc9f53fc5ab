// /container-xxxx/describe: workspaces and other containers that no user made (docs/reference/api.md, "Containers").

import { fileUploadParameters } from '../../../core/container/upload-parameters.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { given } from '../../../core/given.ts';
import { type ContainerId, isId } from '../../../core/id/identifier.ts';
import { masterOfWorkspace } from '../../../core/id/workspace.ts';
import { workspaceKeptUntil } from '../../../core/job/due.ts';
import { isTerminal } from '../../../core/job/state.ts';
import { selectFields } from '../../../core/object/field.ts';
import { placeKey, readContainer } from '../../../core/row/containers.ts';
import { jobKey, readJob } from '../../../core/row/execution/job.ts';
import { readResources, resourcesKey } from '../../../core/row/published.ts';
import { loadContainerProject } from '../../../engine/access/level.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { loadVersion } from '../../../engine/app/version.ts';
import { loadFolders } from '../../../engine/container/folder.ts';
import { loadSpec } from '../../../engine/store/load-job.ts';
import type { PlaceCall } from '../../route.ts';
import type { DescribeInput } from '../../schemas/describe.ts';

export async function describeContainer(call: PlaceCall<DescribeInput>) {
  const { context, place, level, input } = call;
  if (!isId(place, 'container')) throw resourceNotFound(place);
  const project = await loadContainerProject(context, place);
  if (project === undefined) return describeResources(call, place);
  const master = masterOfWorkspace(place)?.master;
  const job = master === undefined ? undefined : readJob(await context.rows.get('executions', jobKey(master)));
  const chosen = selectFields(input, { defaults, switches: ['folders', 'objects'], always: ['id'] });
  const region = await loadRegion(context, project);
  const own = job === undefined ? readContainer(await context.rows.get('containers', placeKey(place))) : undefined;
  const created = job?.created ?? own?.created ?? 0;
  const times = { created, modified: job?.modified ?? created };
  const values: Record<string, unknown> = {
    ...{
      id: place,
      class: 'container',
      name: place,
      region,
      billTo: job?.launchedBy ?? null,
      type: own === undefined ? 'temporary' : 'cache',
    },
    // Clients print app and appName as soon as they exist, and break on null.
    ...given({ app: own?.app, appName: own?.appName }),
    ...{ ...times, level, dataUsage: 0, sponsoredDataUsage: 0, remoteDataUsage: 0, project, fileUploadParameters },
  };
  if (job !== undefined && chosen.has('destroyAt') && isTerminal(job.state)) {
    values.destroyAt = workspaceKeptUntil(job, (await loadSpec(context, job.pk)).delayWorkspaceDestruction);
  }
  if (chosen.has('folders')) values.folders = (await loadFolders(context, place)).paths();
  return Object.fromEntries(Object.entries(values).filter(([field]) => chosen.has(field)));
}

/** The resources of an app or a global workflow. They belong to no project. */
async function describeResources({ context, level, input }: PlaceCall<DescribeInput>, place: ContainerId) {
  const resources = readResources(await context.rows.get('containers', resourcesKey(place)));
  const owner = resources === undefined ? undefined : await loadVersion(context, resources.owner);
  if (resources === undefined || owner === undefined) throw resourceNotFound(place);
  const { billTo, created, modified, name } = owner;
  const app = isId(resources.owner, 'app') ? { app: resources.owner, appName: name } : {};
  const values: Record<string, unknown> = {
    ...{ id: place, class: 'container', name: place, region: resources.region, billTo, type: 'resources', created },
    ...{ modified, level, dataUsage: 0, sponsoredDataUsage: 0, remoteDataUsage: 0, fileUploadParameters, ...app },
  };
  const chosen = selectFields(input, { defaults, switches: ['folders'], always: ['id'] });
  if (chosen.has('folders')) values.folders = (await loadFolders(context, place)).paths();
  return Object.fromEntries(Object.entries(values).filter(([field]) => chosen.has(field)));
}

const defaults = [
  ...['id', 'class', 'name', 'region', 'billTo', 'type', 'created', 'modified', 'level', 'dataUsage'],
  ...['sponsoredDataUsage', 'remoteDataUsage', 'project', 'destroyAt', 'app', 'appName'],
];
