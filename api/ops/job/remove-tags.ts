// /job-xxxx/removeTags: tags are a set.

import type { z } from 'zod';
import type { KnownCall } from '../../route.ts';
import type { jobTagsInput } from '../../schemas/execution.ts';
import { changeJobMetadata } from './change-metadata.ts';

/** Removing a tag that is not there is nothing. */
export function removeJobTags(call: KnownCall<z.output<typeof jobTagsInput>>): Promise<{ id: string }> {
  const gone = new Set(call.input.tags);
  return changeJobMetadata(call, (metadata) => ({ ...metadata, tags: metadata.tags.filter((tag) => !gone.has(tag)) }));
}
