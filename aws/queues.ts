// Sends messages to the two queues. A message may arrive twice, late or never, so a sender does not wait for its
// effect.

import { SendMessageBatchCommand, type SendMessageBatchRequestEntry, type SQSClient } from '@aws-sdk/client-sqs';
import type { Queues } from '../core/context.ts';
import { AwsFailure, translated } from './failure.ts';
import { defaultPatience, type Patience, pause } from './patience.ts';

type Body = { readonly text: string; readonly group?: string };

export function createQueues(
  client: () => SQSClient,
  urls: { runnable: () => string; work: () => string },
  patience: Patience = defaultPatience,
): Queues {
  return {
    sendRunnable(messages, delaySeconds) {
      const bodies = messages.map(({ group, ...message }) => ({ text: JSON.stringify(message), group }));
      return send(client(), urls.runnable(), bodies, delaySeconds, patience);
    },
    sendWork(messages, delaySeconds) {
      const bodies = messages.map((message) => ({ text: JSON.stringify(message) }));
      return send(client(), urls.work(), bodies, delaySeconds, patience);
    },
  };
}

async function send(
  client: SQSClient,
  url: string,
  bodies: readonly Body[],
  delaySeconds: number | undefined,
  patience: Patience,
): Promise<void> {
  const delay = delaySeconds ? { DelaySeconds: Math.min(maximumDelaySeconds, Math.ceil(delaySeconds)) } : {};
  for (let start = 0; start < bodies.length; start += maximumBatchEntries) {
    const entries = bodies.slice(start, start + maximumBatchEntries).map(({ text, group }, index) => ({
      Id: String(index),
      MessageBody: text,
      ...delay,
      // On a standard queue the group does not order messages. It only makes groups share fairly.
      MessageGroupId: group,
    }));
    await sendBatch(client, url, entries, patience);
  }
}

/** SQS may accept some entries of a batch and refuse others. The refused ones are sent again. */
async function sendBatch(
  client: SQSClient,
  url: string,
  entries: readonly SendMessageBatchRequestEntry[],
  patience: Patience,
): Promise<void> {
  let rest = entries;
  let reason = '';
  for (let attempt = 1; attempt <= patience.attempts; attempt += 1) {
    const command = new SendMessageBatchCommand({ QueueUrl: url, Entries: [...rest] });
    const { Failed = [] } = await translated('SendMessageBatch', () => client.send(command));
    if (Failed.length === 0) return;
    const refused = new Set(Failed.map(({ Id }) => Id));
    rest = rest.filter(({ Id }) => refused.has(Id));
    reason = `${Failed[0]?.Code}: ${Failed[0]?.Message}`;
    if (Failed.some(({ SenderFault }) => SenderFault)) break;
    await pause(patience, attempt);
  }
  throw new AwsFailure('SendMessageBatch', 'Failed', `${rest.length} messages were not accepted (${reason})`, {
    transient: false,
  });
}

/** SQS's limits: entries of one batch, longest delay. */
const maximumBatchEntries = 10;
const maximumDelaySeconds = 900;
