// Before a platform is ready every schedule fires once, fully: what happened while nobody ran is caught up with.

import { StartRefusal } from '../../machine/start-refusal.ts';
import { completeEvent } from '../cloud/event-bridge/bus-event.ts';
import type { ResourceSet } from '../template/resource-set.ts';
import type { Services } from './engine-set.ts';
import { scheduledFunctions } from './trigger.ts';

/** A function that answers `{ more: true }` has not seen everything yet. */
const MAX_ROUNDS = 1_000;

/** @throws StartRefusal when a scheduled function fails: the platform would not notice what it has to. */
export async function sweepFully({ lambda }: Pick<Services, 'lambda'>, resources: ResourceSet): Promise<void> {
  for (const functionArn of scheduledFunctions(resources)) {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
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
