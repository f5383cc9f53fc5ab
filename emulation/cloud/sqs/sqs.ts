// Amazon SQS standard queues for the embedded cloud: in-process methods and the API. It knows nothing of HTTP or Lambda.
import { given } from '../../../core/given.ts';
import type { JsonService } from '../wire/control-server.ts';
import type { Depth, TakenMessage } from './message-table.ts';
import { DEFAULT_SETTINGS, type QueueSettings } from './queue-table.ts';
import { createSqsApi, type QueueOperations } from './sqs-api.ts';
import { createSqsCore, type ReceiveOptions, type SqsOptions } from './sqs-core.ts';

export type Sqs = {
  api: JsonService;
  /** Creates the queue, or gives the one of that name these settings; its messages stay. Answers its ARN and URL. */
  createQueue(queue: { name: string } & Partial<QueueSettings>): { arn: string; url: string };
  /** Durable when it returns. QueueDoesNotExist where there is none of that ARN. */
  send(queueArn: string, message: { body: string; groupId?: string; delaySeconds?: number }): { messageId: string };
  /** At most `max` messages, hidden from others for the visibility timeout; [] after `waitMs` without any. */
  receive(queueArn: string, options: ReceiveOptions): Promise<TakenMessage[]>;
  /** Deletes messages by the receipts of their last receive; unknown ones are no error. */
  delete(queueArn: string, receipts: readonly string[]): void;
  /** For a start: whoever received messages and kept them is gone, so that nobody has to wait for their timeouts. */
  releaseInFlight(queueArn: string): void;
  depth(queueArn: string): Depth;
  close(): Promise<void>;
};

const SENDER_ID = 'AIDAESPALIERPLATFORM';

/**
 * Queues and messages live in the database; an acknowledged send survives SIGKILL. A long poll that nobody waits for any
 * more (its signal fired) takes nothing. Rules: the SQS API reference and the developer guide's quotas.
 * @param operations further operations of the API, for suites.
 */
export function createSqs({ operations, ...options }: SqsOptions & { operations?: QueueOperations }): Sqs {
  const core = createSqsCore(options);
  const byArn = (arn: string) => core.queues.get(arn.slice(arn.lastIndexOf(':') + 1));
  return {
    api: createSqsApi(core, operations),
    createQueue({ name, ...settings }) {
      const queue = core.queues.put(name, { ...DEFAULT_SETTINGS, ...settings }, options.now());
      return { arn: queue.arn, url: core.urlOf(queue) };
    },
    send(queueArn, { body, groupId, delaySeconds }) {
      const queue = byArn(queueArn);
      const [messageId = ''] = core.send(queue, [
        {
          body,
          senderId: SENDER_ID,
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
