// Loads the facts that a run needs of an executable. Each kind of executable has a loader of its own.

import { resourceNotFound } from '../../core/error/api-error.ts';
import type { AppletSpec } from '../../core/executable/applet.ts';
import type { Program } from '../../core/executable/executable.ts';
import { type AppId, type AppletId, isId, type PlaceId, type ProjectId } from '../../core/id/identifier.ts';
import { dataBound, type ProjectContext } from '../../core/run/project-context.ts';
import { findUnboundPlace, type Sight } from '../access/sight.ts';
import { type FoundApp, loadApp } from '../app/load-app.ts';
import { findVersion } from '../app/version.ts';
import type { LoadedObject } from '../store/load-object.ts';

/** An executable that a call names, as its route found it. The project of the run is not known yet. */
export type NamedExecutable = NamedApplet | NamedApp;
type NamedApp = { readonly kind: 'app'; readonly id: AppId; readonly app: FoundApp };
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
 * The app that a path or a stage names: by its id, or by `app-<name>` with an alias or without.
 *
 * @throws ApiError ResourceNotFound or PermissionDenied when the caller may not run it
 */
export async function nameApp(
  { context, caller }: Sight,
  subject: string,
  alias: string | undefined,
): Promise<NamedExecutable> {
  const found = await findVersion(context, caller, subject, alias);
  const { id } = found;
  if (!isId(id, 'app')) throw resourceNotFound(subject);
  return { kind: 'app', id, app: { ...found, id } };
}

/**
 * The executable, with the facts that a run in this project needs.
 *
 * @throws ApiError ResourceNotFound when the caller does not see it, PermissionDenied when its data is bound to another
 *   project or region, InvalidInput when an app is not made for the region
 */
export async function loadExecutable(
  sight: Sight,
  named: NamedExecutable,
  { id, region }: Pick<ProjectContext, 'id' | 'region'>,
): Promise<Program> {
  switch (named.kind) {
    case 'applet':
      return loadApplet(sight, named, id);
    case 'app':
      return loadApp(sight.context, named.app, region);
    default:
      return named satisfies never;
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
