// Changes a series for one of its developers.

import { requireDeveloper, type Series, seriesName, versionNotFound } from '../../../core/app/series.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import { accepted, type Refusal } from '../../../core/run/refusal.ts';
import { changeSeries } from '../../../engine/app/series.ts';
import type { KnownCall } from '../../route.ts';
import { findOwnVersion } from './developer.ts';

/** @param change the series after the change, or a refusal. It may be called again. */
export async function changeOwnSeries(
  call: KnownCall<unknown>,
  change: (series: Series, id: PublishedId) => Series | Refusal,
): Promise<{ id: PublishedId }> {
  const { context, caller, path } = call;
  const { id, series: found } = await findOwnVersion(call, `call ${path}`);
  await changeSeries(context, seriesName(found), (series) => {
    if (series === undefined) throw versionNotFound(id, undefined);
    const refusal = requireDeveloper(series, caller.user, `call ${path}`);
    if (refusal !== undefined) throw refusal;
    return { series: accepted<Series>(change(series, id)), writes: [] };
  });
  return { id };
}
