// /job-xxxx/update: settings that may change while a job lives.

import type { z } from 'zod';
import type { KnownCall } from '../../route.ts';
import type { updateJobInput } from '../../schemas/execution.ts';
import { changeJobMetadata } from './change-metadata.ts';

/** `allowSSH` is replaced as a whole. */
export function updateJob(call: KnownCall<z.output<typeof updateJobInput>>): Promise<{ id: string }> {
  const { allowSSH } = call.input;
  return changeJobMetadata(call, (metadata) => (allowSSH === undefined ? metadata : { ...metadata, allowSSH }));
}
