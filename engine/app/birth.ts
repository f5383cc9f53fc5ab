// Creates, updates and deletes versions of apps and global workflows. Each is one transaction with the series, so that
// a version is there with its aliases and its resources, or not at all.

import { addVersion, type Claim, type Series, seriesName } from '../../core/app/series.ts';
import type { VersionBody, VersionFacts } from '../../core/app/version.ts';
import type { Context, Write } from '../../core/context.ts';
import { nonceReused } from '../../core/error/api-error.ts';
import type { PublishedId } from '../../core/id/identifier.ts';
import { versionBodyRow, versionRow } from '../../core/row/published.ts';
import { accepted } from '../../core/run/refusal.ts';
import { pack } from '../store/packed.ts';
import { changeSeries, loadSeries } from './series.ts';
import { loadVersion } from './version.ts';

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
  const body = pack(born.body, 'the description, the details and the access');
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
