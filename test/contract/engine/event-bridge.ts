// Starts our EventBridge for its contract suite, with our SQS as target on the same endpoint.

import { createEventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import type { Endpoint } from '../endpoint.ts';
import { createEventsApi } from '../extension/event-bridge/event-bridge-extension.ts';
import { queueExtension } from '../extension/sqs/sqs-extension.ts';
import { startControl } from './control.ts';

export function startOurs(): Promise<Endpoint> {
  return startControl((database, endpoint) => {
    const sqs = createSqs({ database, now: Date.now, endpoint, operations: queueExtension });
    const events = createEventBridge({ database, now: Date.now });
    const api = createEventsApi(events, (arn) => async (event) => {
      sqs.send(arn, { body: JSON.stringify(event) });
    });
    events.start();
    return {
      services: [api, sqs.api],
      async close() {
        await events.close();
        await sqs.close();
      },
    };
  });
}
