// Loads what a caller sees of the executables of stages: their specifications, and those of the workflows among them.

import type { Context } from '../../core/context.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';
import { isId, isObjectId, type ObjectId, type PlaceId } from '../../core/id/identifier.ts';
import type { PackedKind } from '../../core/row/packed.ts';
import { interfaceOf } from '../../core/workflow/synthesize.ts';
import {
  type Interface,
  type Interfaces,
  maximumStageCount,
  maximumWorkflowDepth,
  type StageExecutable,
  type WorkflowId,
  type WorkflowSpec,
} from '../../core/workflow/workflow.ts';
import { findObjects, type Sight } from '../access/sight.ts';
import { loadAnySpec } from '../app/load-app.ts';
import { lookUpVersion } from '../app/version.ts';
import { type LoadedObject, loadObjectsAt } from '../store/load-object.ts';
import { mapLimited } from '../store/map-limited.ts';

/**
 * The executables that the caller sees, in the place of the workflow or elsewhere. Those that are missing in the result
 * do not exist, or the caller does not see them or an executable in them.
 *
 * @param place where the workflow is
 */
export async function loadInterfaces(
  sight: Sight,
  place: PlaceId,
  executables: readonly StageExecutable[],
): Promise<Interfaces> {
  const found = new Map<StageExecutable, Interface>();
  const levels: (readonly (readonly [WorkflowId, LoadedObject])[])[] = [];
  const seen = new Set<StageExecutable>();
  let wanted = distinct(executables);
  for (let depth = 0; wanted.length > 0 && depth <= maximumWorkflowDepth && seen.size <= maximumStageCount; depth++) {
    for (const id of wanted) seen.add(id);
    for (const [id, one] of await loadApps(sight, wanted)) found.set(id, one);
    const objects = await loadExecutables(sight, place, wanted);
    const workflows: (readonly [WorkflowId, LoadedObject])[] = [];
    for (const object of objects) {
      if (isId(object.id, 'applet')) found.set(object.id, programInterface(object.spec as AppletSpec));
      if (isId(object.id, 'workflow')) workflows.push([object.id, object]);
    }
    levels.unshift(workflows);
    const below = workflows.flatMap(([, { spec }]) => (spec as WorkflowSpec).stages.map((stage) => stage.executable));
    wanted = distinct(below).filter((id) => !seen.has(id));
  }
  // A workflow may be met before one that it contains. Each pass settles at least one level.
  for (let pass = 0; pass < levels.length; pass++) {
    for (const [id, { spec, row }] of levels.flat()) {
      const made = interfaceOf(spec as WorkflowSpec, row.state === 'closed', found);
      if (made !== undefined) found.set(id, made);
    }
  }
  return found;
}

/** The apps among the executables that the caller may run. */
async function loadApps(
  { context, caller }: Sight,
  executables: readonly StageExecutable[],
): Promise<(readonly [StageExecutable, Interface])[]> {
  const names = executables.filter((executable) => executable.startsWith('app-'));
  const loaded = await mapLimited(names, async (executable) => {
    const [subject = '', alias] = executable.split('/');
    const found = await lookUpVersion(context, caller, subject, alias);
    if ('refused' in found || found.facts.deleted === true) return [];
    return [[executable, programInterface(await loadAnySpec(context, found))] as const];
  });
  return loaded.flat();
}

/** The data objects among the executables that the caller sees, with their bodies. */
async function loadExecutables(
  sight: Sight,
  place: PlaceId,
  executables: readonly StageExecutable[],
): Promise<readonly LoadedObject[]> {
  const ids = executables.filter((id): id is StageExecutable & ObjectId => isObjectId(id));
  const wanted = new Map<ObjectId, PlaceId | undefined>(ids.map((id) => [id, undefined]));
  const { found } = await findObjects(sight, { wanted, places: [place], usedIn: undefined });
  const groups = Map.groupBy(found, ([id, { place: at }]) => `${at} ${isId(id, 'workflow') ? 'workflow' : 'applet'}`);
  const loaded = await mapLimited([...groups], async ([group, members]) => {
    const [at, kind] = group.split(' ') as [PlaceId, PackedKind];
    return loadBodies(
      sight.context,
      at,
      members.map(([id]) => id),
      kind,
    );
  });
  return loaded.flat();
}

async function loadBodies(
  context: Context,
  place: PlaceId,
  ids: readonly ObjectId[],
  kind: PackedKind,
): Promise<LoadedObject[]> {
  const objects = await loadObjectsAt(context, place, ids, [kind]);
  return objects.filter((object) => object?.spec !== undefined).filter((object) => object !== undefined);
}

function programInterface({ inputSpec, outputSpec }: AppletSpec): Interface {
  return { inputSpec, outputSpec, closed: true, stageCount: 1, depth: 0 };
}

function distinct(executables: readonly StageExecutable[]): StageExecutable[] {
  return [...new Set(executables)];
}
