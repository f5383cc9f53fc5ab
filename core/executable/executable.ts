// The programs that can be run: an applet or an app, each with the parts that a run needs.

import type { Pin } from '../execution/pin.ts';
import type { AppId, AppletId, ContainerId, ObjectId, PlaceId } from '../id/identifier.ts';
import type { AppletSpec } from './applet.ts';
import { bundledObjects } from './check-applet.ts';

/** A data object: code and its bundles, in a place from which the caller may use them. */
type Applet = {
  readonly kind: 'applet';
  readonly id: AppletId;
  readonly name: string;
  readonly spec: AppletSpec;
  readonly place: PlaceId;
};
/** A published program. It is not a data object; its bundles are in a resources container of its own. */
type App = {
  readonly kind: 'app';
  readonly id: AppId;
  /** Without `app-`. */
  readonly name: string;
  readonly version: string;
  readonly spec: AppletSpec;
  /** Its resources container. */
  readonly place: ContainerId;
};
/** An executable that one job runs: it has code. A workflow has none, and is a graph of others (core/workflow). */
export type Program = Applet | App;

/** The objects that go into the workspace of every job of a program, whatever its input is. */
export function programPins({ kind, id, spec, place }: Program): readonly Pin[] {
  const bundled: readonly ObjectId[] = bundledObjects(spec.runSpec);
  const objects = kind === 'applet' ? [id, ...bundled] : bundled;
  return objects.map((object) => ({ object, project: place }));
}

/**
 * The names by which the maps and lists of a run may mean a program, from the weakest to the strongest. An app is also
 * known by its name, in all versions or in one.
 */
export function executableNames(program: Pick<Applet, 'kind' | 'id'> | Pick<App, 'kind' | 'id' | 'name' | 'version'>) {
  if (program.kind === 'applet') return [program.id];
  const { id, name, version } = program;
  return [`app-${name}`, `app-${name}/${version}`, id];
}
