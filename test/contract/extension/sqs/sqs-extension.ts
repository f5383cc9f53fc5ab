// The operations of SQS that the product does not call. Suites set up queues with them and observe their messages.

import type { QueueOperations } from '../../../../emulation/cloud/sqs/sqs-api.ts';
import type { Operation } from '../../../../emulation/cloud/wire/control-server.ts';
import { createMessageOperations } from './message-operation.ts';
import { createQueueOperations } from './queue-operation.ts';

/** For `createSqs({ operations })`. */
export const queueExtension: QueueOperations = (core, onQueue): Record<string, Operation> => ({
  ...createQueueOperations(core, onQueue),
  ...createMessageOperations(core, onQueue),
});
