// /job/new: a job makes a subjob of its own executable, in its own workspace (docs/reference/api.md, "Subjobs").

import type { z } from 'zod';
import { startSubjob } from '../../../engine/run/start-subjob.ts';
import type { JobCall } from '../../route.ts';
import type { newJobInput } from '../../schemas/execution.ts';

export async function newJob(call: JobCall<z.output<typeof newJobInput>>): Promise<{ id: string }> {
  const { context, caller, input, rawInput, path } = call;
  const request = { ...input, name: input.name ?? undefined };
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  return startSubjob(context, caller, { ...repeatable, request });
}
