// Reads and changes the names of apps and global workflows. A change is conditional on the one before.

import { type Series, seriesName } from '../../core/app/series.ts';
import type { Context, Write } from '../../core/context.ts';
import type { UserId } from '../../core/id/identifier.ts';
import type { Member } from '../../core/row/containers.ts';
import {
  installKey,
  installPrefix,
  readInstall,
  readSeries,
  readSeriesEntry,
  seriesEntryKey,
  seriesEntryPrefix,
  seriesKey,
  seriesRow,
} from '../../core/row/published.ts';
import { allRows } from '../store/all-rows.ts';
import { changed, retryWhileChanged } from '../store/retry-while-changed.ts';

/** @param name `app-<name>` or `globalworkflow-<name>` */
export async function loadSeries(context: Context, name: string): Promise<Series | undefined> {
  return readSeries(await context.rows.get('containers', seriesKey(name)));
}

/** Those of the names that exist. */
export async function loadManySeries(context: Context, names: readonly string[]): Promise<Series[]> {
  const rows = await context.rows.getMany('containers', names.map(seriesKey));
  return rows.map(readSeries).filter((series) => series !== undefined);
}

/** A change of a series with the writes that belong to it: all happen, or none. */
export type SeriesChange = { readonly series: Series; readonly writes: readonly Write[] };

/**
 * Changes a series, together with other rows.
 *
 * @param decide gets the series as it is now. It is called again after another change came first, and may throw.
 *   Undefined: nothing is to be changed.
 */
export async function changeSeries(
  context: Context,
  name: string,
  decide: (series: Series | undefined) => Promise<SeriesChange | undefined> | SeriesChange | undefined,
): Promise<void> {
  await retryWhileChanged(`"${name}"`, async () => {
    const before = await loadSeries(context, name);
    const change = await decide(before);
    if (change === undefined) return undefined;
    const after = { ...change.series, revision: (before?.revision ?? 0) + 1 };
    const expected = before === undefined ? 'absent' : { revision: before.revision };
    for (const member of newMembers(before, after)) {
      await context.rows.put('containers', seriesEntryKey(member, seriesName(after)));
    }
    const row: Write = { kind: 'put', table: 'containers', row: seriesRow(after), expected };
    if (!(await context.rows.transact([row, ...change.writes]))) return changed;
    await forgetMembers(context, before, after);
    return undefined;
  });
}

/** The names that a member's list leads to. They are hints. */
export async function loadSeriesEntries(context: Context, member: Member): Promise<string[]> {
  const names: string[] = [];
  const list = { pk: member, prefix: seriesEntryPrefix, maximumRowCount: maximumEntryCount };
  for await (const row of allRows(context, 'containers', list)) names.push(readSeriesEntry(row));
  return names;
}

/** The names that a user has installed. */
export async function loadInstalled(context: Context, user: UserId): Promise<string[]> {
  const names: string[] = [];
  const list = { pk: user, prefix: installPrefix, maximumRowCount: maximumEntryCount };
  for await (const row of allRows(context, 'containers', list)) names.push(readInstall(row));
  return names;
}

export async function isInstalled(context: Context, user: UserId, name: string): Promise<boolean> {
  return (await context.rows.get('containers', installKey(user, name))) !== undefined;
}

/** The entries of lists are hints, so they are written before the series. */
function newMembers(before: Series | undefined, after: Series): Member[] {
  const known = new Set(before === undefined ? [] : membersOf(before));
  return membersOf(after).filter((member) => !known.has(member));
}

async function forgetMembers(context: Context, before: Series | undefined, after: Series): Promise<void> {
  const kept = new Set(membersOf(after));
  const gone = before === undefined ? [] : membersOf(before).filter((member) => !kept.has(member));
  for (const member of gone) await context.rows.delete('containers', seriesEntryKey(member, seriesName(after)));
}

function membersOf({ developers, authorizedUsers }: Series): Member[] {
  return [...new Set([...developers, ...authorizedUsers])];
}

/** Names of one member that a search reads. */
const maximumEntryCount = 10_000;
