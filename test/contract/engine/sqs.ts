// Starts our SQS for its contract suite.

import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import type { Endpoint } from '../endpoint.ts';
import { queueExtension } from '../extension/sqs/sqs-extension.ts';
import { startControl } from './control.ts';

export function startOurs(): Promise<Endpoint> {
  return startControl((database, endpoint) => {
    const sqs = createSqs({ database, now: Date.now, endpoint, operations: queueExtension });
    return { services: [sqs.api], close: sqs.close };
  });
}
