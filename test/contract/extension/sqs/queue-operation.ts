// CreateQueue, GetQueueUrl and GetQueueAttributes.

import {
  defaultSettings,
  integerAttributes,
  type Queue,
  type QueueSettings,
  type Redrive,
} from '../../../../emulation/cloud/sqs/queue-table.ts';
import type { OnQueue } from '../../../../emulation/cloud/sqs/sqs-api.ts';
import type { SqsCore } from '../../../../emulation/cloud/sqs/sqs-core.ts';
import { invalidValue, missing } from '../../../../emulation/cloud/sqs/sqs-error.ts';
import { AwsError } from '../../../../emulation/cloud/wire/aws-error.ts';
import type { Operation } from '../../../../emulation/cloud/wire/control-server.ts';
import { type Input, stringList, stringMember, structureMember } from '../../../../emulation/cloud/wire/input.ts';

const queueName = /^[A-Za-z0-9_-]{1,80}$/;

/** Attributes that a queue here does not always have. A request for them is not an error, and its answer is empty. */
const unset: readonly string[] = [
  ...['RedrivePolicy', 'RedriveAllowPolicy', 'Policy', 'FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope'],
  ...['FifoThroughputLimit', 'KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'],
];

export function createQueueOperations(core: SqsCore, onQueue: OnQueue): Record<string, Operation> {
  return {
    CreateQueue: (input) => createQueue(core, input),
    GetQueueUrl(input) {
      const name = stringMember(input, 'QueueName');
      if (!name) throw missing('QueueName');
      return { QueueUrl: core.urlOf(core.queues.get(name)) };
    },
    GetQueueAttributes: onQueue((queue, input) => {
      const all = attributesOf(core, queue);
      const names = stringList(input, 'AttributeNames') ?? [];
      const unknown = names.find((name) => name !== 'All' && !Object.hasOwn(all, name) && !unset.includes(name));
      if (unknown !== undefined) throw new AwsError('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
      const wanted = Object.entries(all).filter(([name]) => names.includes('All') || names.includes(name));
      return wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) };
    }),
  };
}

function createQueue(core: SqsCore, input: Input): object {
  const name = stringMember(input, 'QueueName');
  if (!name) throw missing('QueueName');
  if (!queueName.test(name)) {
    const reason = 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.';
    throw invalidValue(name, 'QueueName', reason);
  }
  const given = readSettings(structureMember(input, 'Attributes') ?? {});
  const existing = core.queues.find(name);
  if (existing) {
    const differing = Object.entries(given).find(
      ([setting, value]) => JSON.stringify(existing[setting as keyof QueueSettings]) !== JSON.stringify(value),
    );
    if (differing) {
      const text = `A queue already exists with the same name and a different value for ${differing[0]}`;
      throw new AwsError('QueueNameExists', text);
    }
    return { QueueUrl: core.urlOf(existing) };
  }
  return { QueueUrl: core.urlOf(core.queues.put(name, { ...defaultSettings, ...given }, core.now())) };
}

function readSettings(attributes: Input): Partial<QueueSettings> {
  const settings: Partial<QueueSettings> = {};
  for (const name of Object.keys(attributes)) {
    const value = stringMember(attributes, name) ?? '';
    const rule = integerAttributes[name];
    if (rule) {
      const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (!(number >= rule.min && number <= rule.max)) throw invalidAttribute(name);
      Object.assign(settings, { [rule.setting]: number });
    } else if (name === 'RedrivePolicy') settings.redrive = readRedrive(value);
    else throw new AwsError('UnsupportedOperation', `The queue attribute ${name} is not implemented here`);
  }
  return settings;
}

function readRedrive(text: string): Redrive {
  let policy: { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown };
  try {
    policy = JSON.parse(text) as typeof policy;
  } catch {
    throw invalidAttribute('RedrivePolicy');
  }
  const maxReceiveCount = Number(policy?.maxReceiveCount);
  const queueArn = policy?.deadLetterTargetArn;
  const valid = Number.isInteger(maxReceiveCount) && maxReceiveCount >= 1 && maxReceiveCount <= 1000;
  if (typeof queueArn !== 'string' || !queueArn.startsWith('arn:') || !valid) throw invalidAttribute('RedrivePolicy');
  return { queueArn, maxReceiveCount };
}

function invalidAttribute(name: string): AwsError {
  return new AwsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
}

function attributesOf(core: SqsCore, queue: Queue): Record<string, string> {
  const depth = core.messages.depth(queue, core.now());
  const integers = Object.entries(integerAttributes).map(([name, { setting }]) => [name, String(queue[setting])]);
  const { redrive } = queue;
  return {
    ...(Object.fromEntries(integers) as Record<string, string>),
    QueueArn: queue.arn,
    CreatedTimestamp: String(Math.floor(queue.createdAt / 1000)),
    LastModifiedTimestamp: String(Math.floor(queue.modifiedAt / 1000)),
    ApproximateNumberOfMessages: String(depth.visible),
    ApproximateNumberOfMessagesNotVisible: String(depth.inFlight),
    ApproximateNumberOfMessagesDelayed: String(depth.delayed),
    ...(redrive
      ? {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: redrive.queueArn,
            maxReceiveCount: redrive.maxReceiveCount,
          }),
        }
      : {}),
  };
}
