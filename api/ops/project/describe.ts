// /project-xxxx/describe (docs/reference/api.md, "Describing a project"). ops/container/describe.ts describes
// containers.

import { z } from 'zod';
import { fileUploadParameters } from '../../../core/container/upload-parameters.ts';
import type { Context } from '../../../core/context.ts';
import { resourceNotFound } from '../../../core/error/api-error.ts';
import { isId, type ProjectId } from '../../../core/id/identifier.ts';
import { defaultInstance, instanceTypes } from '../../../core/instance/instance-types.ts';
import { type FieldRequest, selectFields } from '../../../core/object/field.ts';
import { inKeyOrder } from '../../../core/object/metadata.ts';
import { loadFolders } from '../../../engine/container/folder.ts';
import { loadMembers, loadProject, type Project } from '../../../engine/container/project.ts';
import type { PlaceCall } from '../../route.ts';
import type { DescribeInput } from '../../schemas/describe.ts';
import { projectSettings } from '../../schemas/project.ts';

export async function describeProject(call: PlaceCall<DescribeInput>): Promise<Record<string, unknown>> {
  const { context, place, level, input } = call;
  const project = isId(place, 'project') ? await loadProject(context, place) : undefined;
  if (project === undefined) throw resourceNotFound(place);
  return projectDescription(context, { project, level }, input);
}

/** The chosen fields of a project, as `level` may see them. Searches that describe their results use this too. */
export async function projectDescription(
  context: Context,
  seen: { readonly project: Project; readonly level: string },
  request: FieldRequest,
): Promise<Record<string, unknown>> {
  const chosen = selectFields(request, { defaults, switches, always: ['id'] });
  const plain: Record<string, unknown> = { ...plainFields(seen.project), level: seen.level };
  const description: Record<string, unknown> = {};
  for (const field of [...defaults, ...chosen]) {
    if (!chosen.has(field) || field in description) continue;
    if (Object.hasOwn(plain, field)) description[field] = plain[field];
    else if (Object.hasOwn(costlyFields, field)) {
      description[field] = await costlyFields[field as keyof typeof costlyFields](context, seen.project.id);
    }
  }
  return description;
}

function plainFields(project: Project) {
  const { id, name, summary, description, settings, tags, created, createdBy, modified } = project;
  const { billTo, region, version } = project;
  const properties = inKeyOrder(project.properties);
  return {
    ...fixedFields,
    ...defaultSettings,
    ...settings,
    ...{ id, class: 'project', name, summary, description, region, billTo, version, tags, properties },
    ...{ created, createdBy: { user: createdBy }, modified },
    defaultInstanceType: settings.defaultInstanceType ?? defaultInstance,
  };
}

/** A project that was made without a request, such as a new user's first, has no settings of its own. */
const defaultSettings = z.object(projectSettings).parse({});

/** Fields that this platform has no notion of, with the values that clients expect. Nothing costs anything here. */
const fixedFields = {
  storageCost: 0,
  currency: { dxCode: 0, code: 'USD', symbol: '$', symbolPosition: 'left', decimalSymbol: '.', groupingSymbol: ',' },
  dataUsage: 0,
  sponsoredDataUsage: 0,
  remoteDataUsage: 0,
  totalSponsoredEgressBytes: 0,
  consumedSponsoredEgressBytes: 0,
  pendingTransfer: null,
  atSpendingLimit: false,
  fileUploadParameters,
  appCaches: {},
};

const costlyFields = {
  permissions: async (context: Context, id: ProjectId) => Object.fromEntries(await loadMembers(context, id)),
  folders: async (context: Context, id: ProjectId) => (await loadFolders(context, id)).paths(),
  availableInstanceTypes: async () => availableInstanceTypes,
};

const availableInstanceTypes = Object.fromEntries(
  instanceTypes.map(({ name, cores, memoryGib, diskGb }) => [
    name,
    {
      numCores: cores,
      totalMemoryMB: Math.round(memoryGib * 1024),
      ephemeralStorageGB: diskGb,
      os: [
        { distribution: 'Ubuntu', release: '24.04', version: '0' },
        { distribution: 'Ubuntu', release: '20.04', version: '0' },
      ],
    },
  ]),
);

const switches = ['properties', 'permissions', 'folders', 'objects', 'appCaches'];
const defaults = [
  ...['id', 'name', 'class', 'created', 'modified', 'billTo', 'level', 'dataUsage', 'sponsoredDataUsage'],
  ...['remoteDataUsage', 'tags', 'summary', 'description', 'protected', 'restricted', 'containsPHI'],
  ...['databaseUIViewOnly', 'databaseResultsRestricted', 'previewViewerRestricted', 'pendingTransfer'],
  ...['downloadRestricted', 'externalUploadRestricted', 'destroyProtected', 'region', 'version', 'createdBy'],
  ...['allowedExecutables', 'totalSponsoredEgressBytes', 'consumedSponsoredEgressBytes', 'atSpendingLimit'],
  ...['defaultInstanceType', 'storageCost', 'currency'],
];
