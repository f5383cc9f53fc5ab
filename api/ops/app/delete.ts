// /app-xxxx/delete and /globalworkflow-xxxx/delete: a version goes with its aliases and its resources. Its name stays
// claimed (docs/reference/api.md, "Apps").

import { removeVersion } from '../../../core/app/series.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import { abandonResources, changeVersion } from '../../../engine/app/birth.ts';
import type { KnownCall } from '../../route.ts';
import { findOwnVersion } from './developer.ts';

export async function deleteVersion(call: KnownCall<unknown>): Promise<{ id: PublishedId }> {
  const { context } = call;
  const found = await findOwnVersion(call, 'delete a version');
  const { id } = found;
  // Clients repeat a call whose answer was lost.
  if (found.facts.deleted === true) return { id };
  // A version that is not deleted after all keeps its resources: the message finds that it has them.
  await abandonResources(context, found.facts.editions);
  await changeVersion(context, found, ({ facts, series }) => {
    return { facts: { ...facts, deleted: true }, series: removeVersion(series, id) };
  });
  return { id };
}
