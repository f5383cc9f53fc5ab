// Takes a user out of the names of apps and global workflows.

import type { Series } from '../../core/app/series.ts';
import type { Context } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import { installKey } from '../../core/row/published.ts';
import { changeSeries, isInstalled, loadInstalled, loadSeriesEntries } from './series.ts';

/**
 * Takes the rights of a user away, and empties their list of installed apps. A later user of that name then has none of
 * it. A name whose only developer goes stays claimed, and those who are authorized may still run its versions.
 */
export async function forgetUser(context: Context, user: UserId): Promise<void> {
  for (const name of await loadInstalled(context, user)) await uninstall(context, user, name);
  for (const name of await loadSeriesEntries(context, user)) {
    await changeSeries(context, name, (series) => series && { series: withoutUser(series, user), writes: [] });
  }
}

/** Takes an app out of a user's list. Nothing changes when it is not there. */
export async function uninstall(context: Context, user: UserId, name: string): Promise<void> {
  await changeSeries(context, name, async (series) => {
    if (series === undefined || !(await isInstalled(context, user, name))) return undefined;
    const writes = [{ kind: 'delete', table: 'containers', key: installKey(user, name) }] as const;
    return { series: { ...series, installs: series.installs - 1 }, writes };
  });
}

function withoutUser(series: Series, user: UserId): Series {
  return {
    ...series,
    developers: series.developers.filter((one) => one !== user),
    authorizedUsers: series.authorizedUsers.filter((one) => one !== user),
  };
}
