// Amazon SQS standard queues for the embedded cloud: in-process methods and the API.

import { given } from '../../../core/given.ts';
import type { JsonService } from '../wire/control-server.ts';
import type { Depth, TakenMessage } from './message-table.ts';
import { defaultSettings, type QueueSettings } from './queue-table.ts';
import { createSqsApi, type QueueOperations } from './sqs-api.ts';
import { createSqsCore, type ReceiveOptions, type SqsOptions } from './sqs-core.ts';

export type Sqs = {
  readonly api: JsonService;
  /** Creates the queue, or gives an existing one these settings. Its messages stay. Returns its ARN and URL. */
  createQueue(queue: { name: string } & Partial<QueueSettings>): { arn: string; url: string };
  /** Durable when it returns. Throws QueueDoesNotExist if the ARN is unknown. */
  send(queueArn: string, message: { body: string; groupId?: string; delaySeconds?: number }): { messageId: string };
  /**
   * Receives at most `max` messages and hides them from others for the visibility timeout. Returns [] after `waitMs`
   * without messages.
   */
  receive(queueArn: string, options: ReceiveOptions): Promise<TakenMessage[]>;
  /** Deletes messages by the receipts of their last receive. Unknown receipts are ignored. */
  delete(queueArn: string, receipts: readonly string[]): void;
  /**
   * Makes messages in flight visible at a start. Their receivers ended with the last run, so nobody should wait for
   * their timeouts.
   */
  releaseInFlight(queueArn: string): void;
  depth(queueArn: string): Depth;
  close(): Promise<void>;
};

/**
 * Keeps queues and messages in the database, so that an acknowledged send survives SIGKILL. A long poll whose signal
 * has fired takes no messages. Rules: the SQS API reference and the developer guide's quotas.
 * @param operations further operations of the API, for test suites.
 */
export function createSqs({ operations, ...options }: SqsOptions & { operations?: QueueOperations }): Sqs {
  const core = createSqsCore(options);
  const byArn = (arn: string) => core.queues.get(arn.slice(arn.lastIndexOf(':') + 1));
  return {
    api: createSqsApi(core, operations),
    createQueue({ name, ...settings }) {
      const queue = core.queues.put(name, { ...defaultSettings, ...settings }, options.now());
      return { arn: queue.arn, url: core.urlOf(queue) };
    },
    send(queueArn, { body, groupId, delaySeconds }) {
      const queue = byArn(queueArn);
      const [messageId = ''] = core.send(queue, [
        {
          body,
          senderId,
          delaySeconds: delaySeconds ?? queue.delaySeconds,
          ...given({ groupId }),
        },
      ]);
      return { messageId };
    },
    receive: async (queueArn, receive) => core.receive(byArn(queueArn), receive),
    delete: (queueArn, receipts) => core.messages.remove(byArn(queueArn), receipts),
    releaseInFlight: (queueArn) => core.messages.release(byArn(queueArn), options.now()),
    depth: (queueArn) => core.messages.depth(byArn(queueArn), options.now()),
    close: async () => core.polls.close(),
  };
}

const senderId = 'AIDAESPALIERPLATFORM';
