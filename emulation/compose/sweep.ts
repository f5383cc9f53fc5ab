// Fires every schedule once, to its end, before a platform is ready. That catches up with everything that happened
// while the platform did not run.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { completeEvent } from '../cloud/event-bridge/bus-event.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import type { Services } from './engine-set.ts';
import { scheduledFunctions } from './trigger.ts';

/** @throws StartRefusal when a scheduled function fails, because the platform would then miss what it has to notice. */
export async function sweepFully({ lambda }: Pick<Services, 'lambda'>, resources: ResourceSet): Promise<void> {
  for (const functionArn of scheduledFunctions(resources)) {
    for (let round = 0; round < maximumRoundCount; round += 1) {
      const event = completeEvent({ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }, Date.now());
      const result = await lambda.invoke(functionArn, JSON.stringify(event));
      if ('error' in result) {
        const { errorType, errorMessage } = result.error;
        throw new StartRefusal(`The first sweep failed (${functionArn}): ${errorType}: ${errorMessage}`);
      }
      const answer = JSON.parse(result.payload) as { more?: boolean } | null;
      if (answer?.more !== true) break;
    }
  }
}

/** A function that answers `{ more: true }` has more to look at, and is invoked again. */
const maximumRoundCount = 1_000;
