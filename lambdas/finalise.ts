// Entry point of the state machine's last step: looks at the job of a launch that has ended. The machine retries it.

import { readLaunchEnd } from '../aws/launch-end.ts';
import type { WorkerId } from '../core/id/worker.ts';
import { finalise } from '../engine/finalise.ts';
import { context } from './context.ts';

type LaunchEnded = { readonly worker: WorkerId; readonly seen: unknown };

export async function handler({ worker, seen }: LaunchEnded): Promise<object> {
  await finalise(context, worker, readLaunchEnd(seen));
  return {};
}
