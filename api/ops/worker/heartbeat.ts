// /_worker/heartbeat: a worker is alive. The answer says when it must stop.

import { z } from 'zod';
import { heartbeat, type Stop } from '../../../engine/job/heartbeat.ts';
import type { JobCall } from '../../route.ts';

export const heartbeatInput = z.object({});

export async function beat({ context, caller }: JobCall<unknown>): Promise<{ stop?: Stop }> {
  return heartbeat(context, caller.job);
}
