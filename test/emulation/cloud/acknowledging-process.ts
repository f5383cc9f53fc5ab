// A process that sends to every engine on one database file and prints what was acknowledged, until it is killed.
// Run by durability.test.ts with the file as its argument.
import { writeSync } from 'node:fs';
import { createEventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { createLogs } from '../../../emulation/cloud/logs/logs.ts';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';

const [, , path = ''] = process.argv;
const options = { database: openDatabase(path), now: Date.now };
const sqs = createSqs(options);
const events = createEventBridge({ ...options, resolveTarget: () => () => new Promise(() => {}) });
const logs = createLogs(options);
const operations = { ...events.api.operations, ...logs.api.operations, ...sqs.api.operations };
const caller = { accessKeyId: 'AKIATEST' };

async function call(operation: string, input: Record<string, unknown>): Promise<object> {
  const run = operations[operation];
  if (!run) throw new Error(`no operation ${operation}`);
  return run(input, caller);
}

const names = { logGroupName: '/test', logStreamName: 'stream' };
await call('CreateQueue', { QueueName: 'queue' });
await call('PutRule', { Name: 'rule', EventPattern: '{"source":["test"]}' });
await call('PutTargets', { Rule: 'rule', Targets: [{ Id: 'target', Arn: 'arn:test' }] });
await call('CreateLogGroup', names);
await call('CreateLogStream', names);
events.start();
/** More than any run of the test gets to before it kills this process. */
const MAX_ROUNDS = 1_000_000;
for (let round = 0; round < MAX_ROUNDS; round += 1) {
  await call('SendMessage', { QueueUrl: 'queue', MessageBody: `message-${round}` });
  writeSync(1, `message-${round}\n`);
  await call('PutEvents', { Entries: [{ Source: 'test', DetailType: 'Test', Detail: `{"round":${round}}` }] });
  writeSync(1, `event-${round}\n`);
  await call('PutLogEvents', { ...names, logEvents: [{ timestamp: Date.now(), message: `line-${round}` }] });
  writeSync(1, `line-${round}\n`);
  // Deliveries get their turn, so that some are under way when the kill comes.
  await new Promise((resolve) => setImmediate(resolve));
}
