// /app-xxxx/publish and /globalworkflow-xxxx/publish: authorized users see the version from then on, and it does not change
// any more (docs/reference/api.md, "Apps").

import type { z } from 'zod';
import { addTags, defaultTag } from '../../../core/app/series.ts';
import { invalidState } from '../../../core/error/api-error.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import { accepted } from '../../../core/run/refusal.ts';
import { changeVersion } from '../../../engine/app/birth.ts';
import type { KnownCall } from '../../route.ts';
import type { publishInput } from '../../schemas/app.ts';
import { findOwnVersion } from './developer.ts';

export async function publishVersion(call: KnownCall<z.output<typeof publishInput>>): Promise<{ id: PublishedId }> {
  const { context, input } = call;
  const found = await findOwnVersion(call, 'publish a version');
  const { id } = found;
  await changeVersion(context, found, ({ facts, series }) => {
    if (facts.published !== undefined) throw invalidState(`"${id}" is already published`);
    const after = input.makeDefault ? accepted(addTags(series, id, [defaultTag])) : series;
    return { facts: { ...facts, published: context.now() }, series: after };
  });
  return { id };
}
