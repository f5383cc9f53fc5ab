// Entry point of the state machine's last step: look at the job of a launch that has ended. Retried by the machine.
import { type Ended, finalise } from '../engine/finalise.ts';
import { context } from './context.ts';

export async function handler(event: Ended): Promise<object> {
  await finalise(context, event);
  return {};
}
