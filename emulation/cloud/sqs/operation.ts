// The SQS API: which operations there are and what each names. It knows nothing of how messages are kept.

import { arnOf } from '../wire/account.ts';
import type { JsonService, Operation } from '../wire/control-server.ts';
import { type Input, stringMember } from '../wire/input.ts';
import { batchOf } from './batch.ts';
import { createQueueOperations } from './queue-operation.ts';
import type { Queue } from './queue-table.ts';
import { changeVisibility, deleteMessage, receiveMessage } from './receive-operation.ts';
import { sendMessage, sendMessageBatch } from './send-operation.ts';
import type { SqsCore } from './sqs-core.ts';
import { missing, QUERY_ERRORS } from './sqs-error.ts';

/** The table of operations; batches ask the policies for the action of the single call, as IAM does. */
export function createSqsApi(core: SqsCore): JsonService {
  const onQueue =
    (run: (queue: Queue, input: Input, caller: Parameters<Operation>[1]) => ReturnType<Operation>): Operation =>
    (input, caller) =>
      run(core.queues.get(queueNameOf(input)), input, caller);
  return {
    name: 'sqs',
    targetPrefix: 'AmazonSQS',
    queryErrors: QUERY_ERRORS,
    actions: {
      SendMessageBatch: 'SendMessage',
      DeleteMessageBatch: 'DeleteMessage',
      ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
    },
    resources: (_operation, input) => [arnOf('sqs', nameIn(input) ?? '*')],
    operations: {
      ...createQueueOperations(core, onQueue),
      SendMessage: onQueue((queue, input, caller) => sendMessage(core, queue, input, caller)),
      SendMessageBatch: onQueue((queue, input, caller) => sendMessageBatch(core, queue, input, caller)),
      ReceiveMessage: onQueue((queue, input, caller) => receiveMessage(core, queue, input, caller)),
      DeleteMessage: onQueue((queue, input) => deleteMessage(core, queue, input)),
      DeleteMessageBatch: onQueue((queue, input) => batchOf(input, (entry) => deleteMessage(core, queue, entry))),
      ChangeMessageVisibility: onQueue((queue, input) => changeVisibility(core, queue, input)),
      ChangeMessageVisibilityBatch: onQueue((queue, input) =>
        batchOf(input, (entry) => changeVisibility(core, queue, entry)),
      ),
    },
  };
}

function queueNameOf(input: Input): string {
  const name = nameIn(input);
  if (!name) throw missing('QueueUrl');
  return name;
}

/** The last part of a queue URL; old clients may give the bare name. */
function nameIn(input: Input): string | undefined {
  const url = stringMember(input, 'QueueUrl');
  return url === undefined ? stringMember(input, 'QueueName') : url.slice(url.lastIndexOf('/') + 1);
}
