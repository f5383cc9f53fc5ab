// /app-xxxx/update and /globalworkflow-xxxx/update: changes a version that is not published (docs/reference/api.md, "Apps").

import type { z } from 'zod';
import { checkRequest } from '../../../core/app/check-request.ts';
import { completeContents, updateContents } from '../../../core/app/complete.ts';
import { invalidInput, invalidState } from '../../../core/error/api-error.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import type { Hash } from '../../../core/reference/value.ts';
import { createSight } from '../../../engine/access/sight.ts';
import { abandonResources, changeVersion } from '../../../engine/app/birth.ts';
import { findSources } from '../../../engine/app/resources.ts';
import { loadVersionBody } from '../../../engine/app/version.ts';
import type { KnownCall } from '../../route.ts';
import type { updateVersionInput } from '../../schemas/app.ts';
import { findOwnVersion, readBillTo } from './developer.ts';
import { baseOf, fillEditions } from './new.ts';

/** With a new executable, the fields that the call does not name come from the executable again. */
export async function updateVersion(
  call: KnownCall<z.output<typeof updateVersionInput>>,
): Promise<{ id: PublishedId }> {
  const { context, caller } = call;
  const found = await findOwnVersion(call, 'update a version');
  const { id, series } = found;
  refusePublished(found);
  const checked = checkRequest(series.className, call.rawInput as Hash);
  if ('problems' in checked) throw invalidInput(checked.problems);
  const { own, sources } = checked;
  const sight = createSight(context, caller);
  const sourcesFound = await findSources(sight, sources);
  const made = sources.size === 0 ? undefined : completeContents(baseOf(sourcesFound), own);
  const editions = sources.size === 0 ? undefined : await fillEditions(sight, id, sourcesFound);
  await changeVersion(context, found, async ({ facts }) => {
    refusePublished({ id, facts });
    // Resources that are not replaced after all stay: the message finds that the version has them.
    if (editions !== undefined) await abandonResources(context, facts.editions);
    const before = { title: facts.title, openSource: facts.openSource, body: await loadVersionBody(context, id) };
    const { title, openSource, body } = made ?? updateContents(before, own);
    const billTo = own.billTo === undefined ? facts.billTo : readBillTo(call, own.billTo);
    return { facts: { ...facts, title, openSource, billTo, editions: editions ?? facts.editions }, body };
  });
  return { id };
}

function refusePublished({ id, facts }: Pick<Awaited<ReturnType<typeof findOwnVersion>>, 'id' | 'facts'>): void {
  if (facts.published === undefined) return;
  throw invalidState(`"${id}" is already published, so it does not change any more: create another version`);
}
