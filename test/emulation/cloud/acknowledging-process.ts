// A process that sends to every engine on one database file and prints each acknowledgement, until it is killed.
// durability.test.ts runs it with the file as its argument.

import { writeSync } from 'node:fs';
import { createEventBridge } from '../../../emulation/cloud/event-bridge/event-bridge.ts';
import { createLogs } from '../../../emulation/cloud/logs/logs.ts';
import { createSqs } from '../../../emulation/cloud/sqs/sqs.ts';
import { openDatabase } from '../../../emulation/cloud/wire/transaction.ts';

const [, , path = ''] = process.argv;
const options = { database: openDatabase(path), now: Date.now };
const sqs = createSqs(options);
const events = createEventBridge(options);
const logs = createLogs(options);

const { arn } = sqs.createQueue({ name: 'queue' });
const target = { id: 'target', deliver: () => new Promise<never>(() => {}) };
events.putRule({ name: 'rule', pattern: { source: ['test'] }, targets: [target] });
events.start();
/** More rounds than the test allows before it kills this process. */
const maximumRoundCount = 1_000_000;
for (let round = 0; round < maximumRoundCount; round += 1) {
  sqs.send(arn, { body: `message-${round}` });
  writeSync(1, `message-${round}\n`);
  events.publish({ source: 'test', 'detail-type': 'Test', detail: { round } });
  writeSync(1, `event-${round}\n`);
  logs.append('/test', 'stream', [{ timestamp: Date.now(), message: `line-${round}` }]);
  logs.flush();
  writeSync(1, `line-${round}\n`);
  // This lets deliveries begin, so that some are under way when the kill comes.
  await new Promise((resolve) => setImmediate(resolve));
}
