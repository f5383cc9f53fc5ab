// /app-xxxx[/yyyy]/run: runs an app (docs/reference/api.md, "Running an executable" and "Running from inside a job").

import type { z } from 'zod';
import { createSight } from '../../../engine/access/sight.ts';
import { nameApp } from '../../../engine/run/load-executable.ts';
import { startExecution } from '../../../engine/run/start-execution.ts';
import type { KnownCall } from '../../route.ts';
import { type runInput, toRunRequest } from '../../schemas/execution.ts';

export async function runApp(call: KnownCall<z.output<typeof runInput>>): Promise<{ id: string }> {
  const { context, caller, input, rawInput, path, subject, alias } = call;
  const sight = createSight(context, caller);
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  const app = await nameApp(sight, subject, alias);
  return startExecution(sight, { ...repeatable, request: toRunRequest(input) }, app);
}
