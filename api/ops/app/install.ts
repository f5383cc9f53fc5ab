// install and uninstall: the list of apps that a user keeps. It is a bookmark for all versions of a name, and changes no
// right (docs/reference/api.md, "Apps").

import { seriesName, seriesOfVersion, versionNotFound } from '../../../core/app/series.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import { installKey } from '../../../core/row/published.ts';
import { uninstall } from '../../../engine/app/forget-user.ts';
import { changeSeries, isInstalled, loadSeries } from '../../../engine/app/series.ts';
import { findVersion, isPublishedId, loadVersion } from '../../../engine/app/version.ts';
import type { KnownCall } from '../../route.ts';

export async function installApp({
  context,
  caller,
  subject,
  alias,
}: KnownCall<unknown>): Promise<{ id: PublishedId }> {
  const { id, series: found } = await findVersion(context, caller, subject, alias);
  const name = seriesName(found);
  await changeSeries(context, name, async (series) => {
    if (series === undefined || (await isInstalled(context, caller.user, name))) return undefined;
    const row = installKey(caller.user, name);
    const writes = [{ kind: 'put', table: 'containers', row, expected: 'absent' }] as const;
    return { series: { ...series, installs: series.installs + 1 }, writes };
  });
  return { id };
}

/** Users who are not authorized any more may uninstall what they have installed. */
export async function uninstallApp(call: KnownCall<unknown>): Promise<{ id: string }> {
  await uninstall(call.context, call.caller.user, await findInstalled(call));
  return { id: call.subject };
}

/** The name that a path means, for a caller who has installed it or may see it. */
async function findInstalled({ context, caller, subject, alias }: KnownCall<unknown>): Promise<string> {
  const id = isPublishedId(subject) ? subject : undefined;
  const facts = id === undefined ? undefined : await loadVersion(context, id);
  const name = id === undefined || facts === undefined ? subject : seriesOfVersion(id, facts);
  if ((await loadSeries(context, name)) === undefined) throw versionNotFound(subject, alias);
  if (await isInstalled(context, caller.user, name)) return name;
  return seriesName((await findVersion(context, caller, subject, alias)).series);
}
