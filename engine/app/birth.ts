// Creates, updates and deletes versions of apps and global workflows. Each is one transaction with the series, so that
// a version is there with its aliases and its resources, or not at all.

import { addVersion, type Claim, type Series, seriesName, versionNotFound } from '../../core/app/series.ts';
import type { VersionBody, VersionFacts } from '../../core/app/version.ts';
import type { Context, Write } from '../../core/context.ts';
import { invalidState, nonceReused } from '../../core/error/api-error.ts';
import type { PublishedId } from '../../core/id/identifier.ts';
import { versionBodyRow, versionRow } from '../../core/row/published.ts';
import { accepted } from '../../core/run/refusal.ts';
import { everythingEndsMs } from '../../core/work/message.ts';
import { pack } from '../store/packed.ts';
import { sendWork } from '../store/send-work.ts';
import { changeSeries, loadSeries } from './series.ts';
import { type FoundVersion, loadVersion } from './version.ts';

export type NewVersion = Claim & {
  readonly facts: Omit<VersionFacts, 'editions'>;
  readonly body: VersionBody;
};

/**
 * True when the same request has already created the version.
 *
 * @throws ApiError InvalidInput when another request with that nonce has
 */
export async function wasBorn(context: Context, id: PublishedId, digest: string): Promise<boolean> {
  const facts = await loadVersion(context, id);
  if (facts === undefined) return false;
  if (facts.digest !== digest) throw nonceReused();
  return true;
}

/**
 * Creates a version.
 *
 * @param fill makes its resources. It is called when nothing stands against the name any more.
 * @throws ApiError InvalidInput when the version is taken, PermissionDenied when the name is somebody else's
 */
export async function createVersion(
  context: Context,
  born: NewVersion,
  fill: () => Promise<VersionFacts['editions']>,
): Promise<void> {
  const { id, facts } = born;
  const body = packBody(born.body);
  accepted(addVersion(await loadSeries(context, seriesName(born)), born));
  const editions = await fill();
  await changeSeries(context, seriesName(born), async (series) => {
    if (await wasBorn(context, id, facts.digest)) return undefined;
    const after: Series = accepted(addVersion(series, born));
    const put = (row: Extract<Write, { kind: 'put' }>['row']): Write => {
      return { kind: 'put', table: 'containers', row, expected: 'absent' };
    };
    return { series: after, writes: [put(versionRow(id, { ...facts, editions })), put(versionBodyRow(id, body))] };
  });
}

/** A change of a version: its new facts, its new body if that changes, and its series if that changes, too. */
export type VersionChange = {
  readonly facts: VersionFacts;
  readonly body?: VersionBody;
  readonly series?: Series;
};

/**
 * Changes a version together with its series.
 *
 * @param decide gets both as they are now. It is called again after another change came first, and may throw.
 */
export async function changeVersion(
  context: Context,
  { id, series: { className, name } }: FoundVersion,
  decide: (found: Pick<FoundVersion, 'facts' | 'series'>) => Promise<VersionChange> | VersionChange,
): Promise<void> {
  await changeSeries(context, seriesName({ className, name }), async (series) => {
    const facts = await loadVersion(context, id);
    if (series === undefined || facts === undefined) throw versionNotFound(id, undefined);
    if (facts.deleted === true) throw invalidState(`"${id}" was deleted`);
    const change = await decide({ facts, series });
    const after = { ...change.facts, modified: context.now(), revision: facts.revision + 1 };
    const expected = { revision: facts.revision };
    const writes: Write[] = [{ kind: 'put', table: 'containers', row: versionRow(id, after), expected }];
    if (change.body !== undefined) {
      writes.push({ kind: 'put', table: 'containers', row: versionBodyRow(id, packBody(change.body)) });
    }
    return { series: change.series ?? series, writes };
  });
}

/** Removes containers of a version, unless it has them again or still when everything that is under way has ended. */
export async function abandonResources(context: Context, editions: VersionFacts['editions']): Promise<void> {
  const messages = Object.values(editions).map(({ resources }) => ({ kind: 'destroy', container: resources }) as const);
  await sendWork(context, messages, context.now() + everythingEndsMs);
}

function packBody(body: VersionBody): Uint8Array {
  return pack(body, 'the description, the details and the access');
}
