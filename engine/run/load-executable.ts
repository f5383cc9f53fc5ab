// Loads the facts that a run needs of an executable. Each kind of executable has a loader of its own.

import { resourceNotFound } from '../../core/error/api-error.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';
import type { Program } from '../../core/executable/executable.ts';
import { type AppletId, isId, type PlaceId, type ProjectId } from '../../core/id/identifier.ts';
import { dataBound } from '../../core/run/project-context.ts';
import { findUnboundPlace, type Sight } from '../access/sight.ts';
import type { LoadedObject } from '../store/load-object.ts';

/** An executable that a call names, as its route found it. The project of the run is not known yet. */
export type NamedExecutable = NamedApplet;
type NamedApplet = {
  readonly kind: 'applet';
  readonly id: AppletId;
  readonly spec: AppletSpec;
  readonly object: LoadedObject;
  /** The place where the route found it. */
  readonly place: PlaceId;
};

/** The applet that a route found, as a named executable. */
export function nameApplet(object: LoadedObject, place: PlaceId): NamedExecutable {
  const { id } = object;
  if (!isId(id, 'applet')) throw resourceNotFound(id);
  return { kind: 'applet', id, spec: object.spec as AppletSpec, object, place };
}

/**
 * The executable, with the facts that a run in this project needs.
 *
 * @throws ApiError ResourceNotFound when the caller does not see it, PermissionDenied when its data is bound to another project or region
 */
export async function loadExecutable(sight: Sight, named: NamedExecutable, project: ProjectId): Promise<Program> {
  switch (named.kind) {
    case 'applet':
      return loadApplet(sight, named, project);
    default:
      return named.kind satisfies never;
  }
}

async function loadApplet(sight: Sight, named: NamedApplet, project: ProjectId): Promise<Program> {
  const { kind, id, spec, object } = named;
  const place = await findUnboundPlace(sight, object, project, named.place);
  if (place === 'bound') throw dataBound(id, project);
  if (place === undefined) throw resourceNotFound(id);
  const name = object.placements.get(place)?.name ?? id;
  return { kind, id, name, spec, place };
}
