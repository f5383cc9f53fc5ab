// Decides which users see the resources of an app or a global workflow (docs/reference/api.md, "Containers").

import { seesVersion, seriesOfVersion, standingOf } from '../../core/app/series.ts';
import type { Context } from '../../core/context.ts';
import { type ContainerId, isId } from '../../core/id/identifier.ts';
import type { KnownCaller } from '../../core/identity/caller.ts';
import {
  readResources,
  readSeries,
  readVersion,
  resourcesKey,
  seriesKey,
  versionKey,
} from '../../core/row/published.ts';

/**
 * Developers see them. Others who may run the app see them if its source is open. The workflow in a global workflow is
 * shown to everybody who may run it, because clients read its stages. Jobs see those of their own app only, which
 * level.ts decides.
 */
export async function seesResources(context: Context, caller: KnownCaller, place: ContainerId): Promise<boolean> {
  if (caller.kind === 'job') return false;
  const { rows } = context;
  const owner = readResources(await rows.get('containers', resourcesKey(place)))?.owner;
  const version = owner === undefined ? undefined : readVersion(await rows.get('containers', versionKey(owner)));
  if (owner === undefined || version === undefined || version.deleted === true) return false;
  const series = readSeries(await rows.get('containers', seriesKey(seriesOfVersion(owner, version))));
  const standing = series === undefined ? undefined : standingOf(series, caller.user);
  if (standing === 'developer') return true;
  return seesVersion(standing, version) && (version.openSource || isId(owner, 'globalworkflow'));
}
