// Starts our EventBridge, with our SQS on the same endpoint to deliver to, for its contract suite.
import { createEventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import type { Endpoint } from '../endpoint.ts';
import { startControl } from './control.ts';

export function startOurs(): Promise<Endpoint> {
  return startControl((database, endpoint) => {
    const sqs = createSqs({ database, now: Date.now, endpoint });
    const events = createEventBridge({
      database,
      now: Date.now,
      resolveTarget: (arn) =>
        arn.startsWith('arn:aws:sqs:')
          ? async (event) => void sqs.send(arn, { body: JSON.stringify(event) })
          : undefined,
    });
    events.start();
    return {
      services: [events.api, sqs.api],
      async close() {
        await events.close();
        await sqs.close();
      },
    };
  });
}
