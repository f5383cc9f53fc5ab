// Describes data objects of every class, one or many at once (docs/reference/api.md, "Describing data objects"). The
// caller has decided before which of them may be seen.

import type { Context } from '../../../core/context.ts';
import type { AppletSpec } from '../../../core/executable/applet.ts';
import { isId, type ObjectClass, type PlaceId } from '../../../core/id/identifier.ts';
import type { KnownCaller } from '../../../core/identity/caller.ts';
import { type FieldRequest, selectFields } from '../../../core/object/field.ts';
import { unknownMedia } from '../../../core/object/media.ts';
import { inKeyOrder } from '../../../core/object/metadata.ts';
import type { FilePart } from '../../../core/object/part.ts';
import type { PackedKind } from '../../../core/row/packed.ts';
import type { WorkflowSpec } from '../../../core/workflow/workflow.ts';
import { loadRegion } from '../../../engine/access/region.ts';
import { createSight, type Sight } from '../../../engine/access/sight.ts';
import { loadFolders } from '../../../engine/container/folder.ts';
import { fromParts } from '../../../engine/object/close.ts';
import { loadAnnouncedParts, loadUploadedParts } from '../../../engine/object/upload.ts';
import { type LoadedObject, loadObjectsAt } from '../../../engine/store/load-object.ts';
import { mapLimited } from '../../../engine/store/map-limited.ts';
import type { ObjectCall } from '../../route.ts';
import type { DescribeInput } from '../../schemas/describe.ts';
import { describeRunSpec } from './describe-run-spec.ts';
import { workflowFields, workflowValues } from './describe-workflow.ts';

/** An object as it is in one place. */
export type PlacedObject = { readonly object: LoadedObject; readonly place: PlaceId };
export type Description = Record<string, unknown>;

export async function describeObject(call: ObjectCall<DescribeInput>): Promise<Description> {
  const { context, caller, object, place, input } = call;
  return describeLoaded(createSight(context, caller, call), { object, place }, input, placeFacts(context));
}

/** All default fields of an object that the caller sees in that place. */
export async function describePlaced(sight: Sight, placed: PlacedObject): Promise<Description> {
  return describeLoaded(sight, placed, {}, placeFacts(sight.context));
}

/**
 * Describes the results of a search or a list, parallel to `found`. They may lack details, specifications and parts,
 * which are read for the objects whose description shows them.
 *
 * @param caller a description of a workflow says which executables of its stages this caller sees
 */
export async function describeObjects(
  context: Context,
  found: readonly PlacedObject[],
  request: FieldRequest,
  caller: KnownCaller,
): Promise<Description[]> {
  const sight = createSight(context, caller);
  const facts = placeFacts(context);
  const complete = await completeObjects(context, found, request);
  return mapLimited(complete, (placed) => describeLoaded(sight, placed, request, facts));
}

async function completeObjects(
  context: Context,
  found: readonly PlacedObject[],
  request: FieldRequest,
): Promise<PlacedObject[]> {
  const complete = [...found];
  const groups = Map.groupBy([...found.entries()], ([, { object, place }]) => {
    return `${place} ${missingRows(object, request).join(',')}`;
  });
  for (const [group, members] of groups) {
    const [place = '', kinds = ''] = group.split(' ');
    if (kinds === '') continue;
    const ids = members.map(([, { object }]) => object.id);
    const objects = await loadObjectsAt(context, place as PlaceId, ids, kinds.split(',') as PackedKind[]);
    for (const [index, [position, before]] of members.entries()) {
      complete[position] = { ...before, object: objects[index] ?? before.object };
    }
  }
  return complete;
}

function missingRows({ row: { className }, spec }: LoadedObject, request: FieldRequest): PackedKind[] {
  const chosen = chosenFields(className, request);
  const rows: PackedKind[] = [];
  if (chosen.has('details')) rows.push('details');
  if (className === 'applet' && spec === undefined && appletFields.some((field) => chosen.has(field)))
    rows.push('applet');
  if (className === 'workflow' && spec === undefined && workflowFields.some((field) => chosen.has(field)))
    rows.push('workflow');
  if (className === 'file' && chosen.has('parts')) rows.push('parts');
  return rows;
}

async function describeLoaded(
  sight: Sight,
  placed: PlacedObject,
  request: FieldRequest,
  facts: PlaceFacts,
): Promise<Description> {
  const { object, place } = placed;
  const chosen = chosenFields(object.row.className, request);
  const region = object.row.className === 'applet' && chosen.has('runSpec') ? await facts.region(place) : '';
  const plain: Description = { ...commonValues(object, place), ...(await ownValues(sight, placed, region, chosen)) };
  const description: Description = {};
  for (const field of fieldOrder) {
    if (!chosen.has(field)) continue;
    if (field === 'folder') description.folder = await facts.path(place, object);
    else if (field === 'parts' && object.row.className === 'file')
      description.parts = await describeParts(sight.context, object);
    else if (Object.hasOwn(plain, field) && plain[field] !== undefined) description[field] = plain[field];
  }
  return description;
}

function chosenFields(className: ObjectClass, request: FieldRequest): Set<string> {
  const defaults = [
    ...commonFields,
    ...(Object.hasOwn(fieldsOfClass, className) ? fieldsOfClass[className as keyof typeof fieldsOfClass] : []),
  ];
  return selectFields(request, { defaults, switches: ['properties', 'details', 'parts'], always: ['id'] });
}

function commonValues({ id, row, placements, details }: LoadedObject, place: PlaceId): Description {
  const placement = placements.get(place);
  const { className, state, types, links, created, createdBy } = row;
  return {
    ...{ id, project: place, class: className, sponsored: false, types, state, links, created, createdBy },
    ...{ name: placement?.name, hidden: placement?.hidden, tags: placement?.tags },
    ...{ modified: placement?.modified, properties: inKeyOrder(placement?.properties ?? {}), details: details ?? {} },
  };
}

async function ownValues(
  sight: Sight,
  { object: { row, spec, placements }, place }: PlacedObject,
  region: string,
  chosen: ReadonlySet<string>,
): Promise<Description> {
  switch (row.className) {
    case 'file':
      return { media: row.media ?? unknownMedia, size: row.size, archivalState: 'live', ...noCloud };
    case 'applet':
      return spec === undefined ? {} : appletValues(spec as AppletSpec, region);
    case 'workflow': {
      const name = placements.get(place)?.name;
      return spec === undefined ? {} : workflowValues(sight, { spec: spec as WorkflowSpec, place, name }, chosen);
    }
    case 'record':
      return {};
    default:
      return row.className satisfies never;
  }
}

/** Everything about an applet except its code, and the fields that describe it for the region of its place. */
function appletValues(spec: AppletSpec, region: string): Description {
  const { code, ...runSpec } = describeRunSpec([[region, spec]]);
  return { ...spec, runSpec };
}

/**
 * Parts by number, as text. For an open file the parts that S3 has are complete, and others that were announced are
 * pending.
 */
async function describeParts(context: Context, { id, row, parts }: LoadedObject): Promise<Description> {
  const described: Description = {};
  const add = (part: FilePart, state: string) => {
    described[part.index] = { size: part.size, md5: part.md5, state };
  };
  if (row.state === 'closed') {
    for (const part of fromParts(parts)) add(part, 'complete');
  } else if (isId(id, 'file')) {
    for (const part of await loadAnnouncedParts(context, id, row)) add(part, 'pending');
    for (const part of await loadUploadedParts(context, id, row)) add(part, 'complete');
  }
  return described;
}

type PlaceFacts = {
  path(place: PlaceId, object: LoadedObject): Promise<string>;
  region(place: PlaceId): Promise<string>;
};

/** Facts about places. Those of each place are read once: the folders only when an object is not in its root. */
function placeFacts(context: Context): PlaceFacts {
  const trees = new Map<PlaceId, ReturnType<typeof loadFolders>>();
  const regions = new Map<PlaceId, Promise<string>>();
  return {
    async path(place, object) {
      const folderId = object.placements.get(place)?.folderId ?? '/';
      if (folderId === '/') return '/';
      const tree = trees.get(place) ?? loadFolders(context, place);
      trees.set(place, tree);
      return (await tree).pathOf(folderId) ?? '/';
    },
    region(place) {
      const region = regions.get(place) ?? loadRegion(context, place);
      regions.set(place, region);
      return region;
    },
  };
}

const commonFields = [
  ...['id', 'project', 'class', 'sponsored', 'name', 'types', 'state', 'hidden', 'links', 'folder', 'tags'],
  ...['created', 'modified', 'createdBy'],
];
const fileFields = ['media', 'archivalState', 'size'];
/** Shown on request. Only a link to storage elsewhere has these values, and files here are never such links. */
const noCloud = { cloudAccount: null, drive: null, md5: null };
const appletFields = [
  ...['runSpec', 'inputSpec', 'outputSpec', 'title', 'summary', 'description', 'developerNotes', 'access', 'dxapi'],
  ...['ignoreReuse', 'httpsApp', 'treeTurnaroundTimeThreshold'],
];
const fieldsOfClass = { file: fileFields, applet: appletFields, workflow: workflowFields } as const;
const fieldOrder = [
  ...commonFields,
  ...fileFields,
  ...Object.keys(noCloud),
  ...appletFields,
  ...workflowFields.filter((field) => !appletFields.includes(field)),
  'properties',
  'details',
  'parts',
];
