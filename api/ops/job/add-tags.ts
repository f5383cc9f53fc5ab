// /job-xxxx/addTags: tags are a set.

import type { z } from 'zod';
import type { KnownCall } from '../../route.ts';
import type { jobTagsInput } from '../../schemas/execution.ts';
import { changeJobMetadata } from './change-metadata.ts';

/** Adding a tag that is there is nothing. */
export function addJobTags(call: KnownCall<z.output<typeof jobTagsInput>>): Promise<{ id: string }> {
  const { tags } = call.input;
  return changeJobMetadata(call, (metadata) => ({ ...metadata, tags: [...new Set([...metadata.tags, ...tags])] }));
}
