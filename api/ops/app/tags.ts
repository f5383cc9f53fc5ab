// addTags and removeTags of apps and global workflows: aliases of a version (docs/reference/api.md, "Apps").

import type { z } from 'zod';
import { addTags, removeTags } from '../../../core/app/series.ts';
import type { PublishedId } from '../../../core/id/identifier.ts';
import type { KnownCall } from '../../route.ts';
import type { aliasesInput } from '../../schemas/app.ts';
import { changeOwnSeries } from './change-series.ts';

type TagsCall = KnownCall<z.output<typeof aliasesInput>>;

export function addVersionTags(call: TagsCall): Promise<{ id: PublishedId }> {
  return changeOwnSeries(call, (series, id) => addTags(series, id, call.input.tags));
}

export function removeVersionTags(call: TagsCall): Promise<{ id: PublishedId }> {
  return changeOwnSeries(call, (series, id) => removeTags(series, id, call.input.tags));
}
