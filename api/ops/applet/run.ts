// /applet-xxxx/run: runs an applet (docs/reference/api.md, "Running an executable" and "Running from inside a job").

import type { z } from 'zod';
import { createSight } from '../../../engine/access/sight.ts';
import { nameApplet } from '../../../engine/run/load-executable.ts';
import { startExecution } from '../../../engine/run/start-execution.ts';
import type { ObjectCall } from '../../route.ts';
import { type runInput, toRunRequest } from '../../schemas/execution.ts';

export async function runApplet(call: ObjectCall<z.output<typeof runInput>>): Promise<{ id: string }> {
  const { context, caller, input, rawInput, path, object, place } = call;
  const request = toRunRequest(input);
  const repeatable = { route: path, raw: rawInput, nonce: input.nonce ?? undefined };
  return startExecution(createSight(context, caller, call), { ...repeatable, request }, nameApplet(object, place));
}
