// The SQS API as the product calls it: one operation, and the queue that a call names.

import { arnOf } from '../wire/account.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringMember } from '../wire/input.ts';
import type { Queue } from './queue-table.ts';
import { sendMessageBatch } from './send-operation.ts';
import type { SqsCore } from './sqs-core.ts';
import { missing, queryErrors } from './sqs-error.ts';

/** Makes an operation that receives the queue named by its input. */
export type OnQueue = (
  run: (queue: Queue, input: Input, caller: Parameters<Operation>[1]) => ReturnType<Operation>,
) => Operation;

/** Further operations on the same queues. */
export type QueueOperations = (core: SqsCore, onQueue: OnQueue) => Readonly<Record<string, Operation>>;

/** The table of operations. As in IAM, a batch needs the permission of the single call. */
export function createSqsApi(core: SqsCore, further: QueueOperations = () => ({})): JsonService {
  const onQueue: OnQueue = (run) => (input, caller) => run(core.queues.get(queueNameOf(input)), input, caller);
  return {
    name: 'sqs',
    targetPrefix: 'AmazonSQS',
    queryErrors,
    actions: { SendMessageBatch: 'SendMessage' },
    resources: (_operation, input) => [arnOf('sqs', nameIn(input) ?? '*')],
    // The product's operations come last, so that a suite cannot replace them.
    operations: {
      ...further(core, onQueue),
      SendMessageBatch: onQueue((queue, input, caller) => sendMessageBatch(core, queue, input, caller)),
    },
  };
}

function queueNameOf(input: Input): string {
  const name = nameIn(input);
  if (!name) throw missing('QueueUrl');
  return name;
}

/** The last part of a queue URL. Old clients may give the bare name. */
function nameIn(input: Input): string | undefined {
  const url = stringMember(input, 'QueueUrl');
  return url === undefined ? stringMember(input, 'QueueName') : url.slice(url.lastIndexOf('/') + 1);
}
