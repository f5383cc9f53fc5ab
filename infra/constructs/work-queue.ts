// A queue with a dead-letter queue and the one function that receives its messages, at the pace that AWS keeps for us.

import { Duration } from 'aws-cdk-lib';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { type Deployment, physicalName } from '../deployment.ts';
import type { PlatformFunction } from './platform-function.ts';

export type WorkQueueProps = {
  readonly deployment: Deployment;
  readonly name: string;
  readonly consumerTimeoutSeconds: number;
};

/** The queue and its dead-letter queue `<name>-dead`. */
export function workQueue(scope: Construct, id: string, props: WorkQueueProps): Queue {
  const dead = plainQueue(scope, `${id}Dead`, props.deployment, `${props.name}-dead`);
  return new Queue(scope, id, {
    queueName: physicalName(props.deployment, props.name),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(retentionDays),
    visibilityTimeout: Duration.seconds(props.consumerTimeoutSeconds * visibilityPerTimeout),
    receiveMessageWaitTime: Duration.seconds(20),
    deadLetterQueue: { queue: dead, maxReceiveCount: maximumReceives },
  });
}

/** A queue for people to read: dead letters, and items that consumers gave up. */
export function plainQueue(scope: Construct, id: string, deployment: Deployment, name: string): Queue {
  return new Queue(scope, id, {
    queueName: physicalName(deployment, name),
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(retentionDays),
  });
}

/** The function receives messages in batches and reports each failed one by itself. */
export function consumeQueue(
  scope: Construct,
  id: string,
  options: { queue: Queue; target: PlatformFunction; batchSize: number; maxConcurrency: number },
): EventSourceMapping {
  return new EventSourceMapping(scope, id, {
    target: options.target,
    eventSourceArn: options.queue.queueArn,
    batchSize: options.batchSize,
    maxConcurrency: options.maxConcurrency,
    reportBatchItemFailures: true,
  });
}

/** SQS keeps a message for at most this long. Messages in a dead-letter queue should wait for a person. */
const retentionDays = 14;
/** With a MaximumConcurrency a message may come back several times before a slot is free. */
const maximumReceives = 10;
/** A message must stay hidden while Lambda retries it internally (AWS's advice). */
const visibilityPerTimeout = 6;
