// PutLogEvents: checks batches and selects the events that are stored.

import { eventOverheadBytes, type LogCore, maximumEventBytes } from '../../../../emulation/cloud/logs/log-core.ts';
import { groupNameIn, invalid, required } from '../../../../emulation/cloud/logs/log-input.ts';
import type { LogLine } from '../../../../emulation/cloud/logs/log-table.ts';
import { AwsError } from '../../../../emulation/cloud/wire/aws-error.ts';
import { type Input, integerMember, stringMember, structureList } from '../../../../emulation/cloud/wire/input.ts';
import { maximumBatchBytes, maximumBatchEvents, maximumSpanMs } from '../../../../emulation/exchange/log-writer.ts';

/** API_PutLogEvents. */
const tooNewMs = 2 * 3_600_000;
const tooOldMs = 14 * 24 * 3_600_000;
const dayMs = 24 * 3_600_000;

/** Refuses a wrong batch as a whole. Events that are too old, expired or too new are left out and reported by index. */
export function putLogEvents(core: LogCore, input: Input): object {
  const groupName = groupNameIn(input);
  const stream = core.stream(groupName, required(input, 'logStreamName'));
  const lines = readBatch(input);
  const { retentionDays } = core.group(groupName);
  const now = core.now();
  const tooOldEnd = lastIndex(lines, ({ timestamp }) => timestamp < now - tooOldMs) + 1;
  const expiredEnd =
    retentionDays === undefined ? 0 : lastIndex(lines, ({ timestamp }) => timestamp < now - retentionDays * dayMs) + 1;
  const tooNewStart = lines.findIndex(({ timestamp }) => timestamp > now + tooNewMs);
  const taken = lines.slice(Math.max(tooOldEnd, expiredEnd), tooNewStart < 0 ? lines.length : tooNewStart);
  const [first] = taken;
  const last = taken.at(-1);
  if (first && last && last.timestamp - first.timestamp > maximumSpanMs) {
    throw invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
  if (taken.length > 0) core.write(stream, taken);
  const rejected = {
    ...(tooNewStart < 0 ? {} : { tooNewLogEventStartIndex: tooNewStart }),
    ...(tooOldEnd === 0 ? {} : { tooOldLogEventEndIndex: tooOldEnd }),
    ...(expiredEnd === 0 ? {} : { expiredLogEventEndIndex: expiredEnd }),
  };
  return {
    nextSequenceToken: String(now),
    ...(Object.keys(rejected).length === 0 ? {} : { rejectedLogEventsInfo: rejected }),
  };
}

function readBatch(input: Input): LogLine[] {
  const events = structureList(input, 'logEvents') ?? [];
  if (events.length < 1 || events.length > maximumBatchEvents) {
    const text = `1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length between 1 and ${maximumBatchEvents}`;
    throw new AwsError('InvalidParameterException', text);
  }
  let bytes = 0;
  let before = Number.NEGATIVE_INFINITY;
  return events.map((event, index) => {
    const timestamp = integerMember(event, 'timestamp');
    const message = stringMember(event, 'message');
    if (timestamp === undefined || timestamp < 0 || !message) {
      throw invalid(`Log event ${index} must have a timestamp of at least 0 and a message of at least one character`);
    }
    const size = Buffer.byteLength(message);
    if (size > maximumEventBytes)
      throw invalid(`Log event too large: ${size} bytes exceeds limit of ${maximumEventBytes}`);
    bytes += size + eventOverheadBytes;
    if (bytes > maximumBatchBytes) throw invalid(`Upload too large: more than ${maximumBatchBytes} bytes`);
    if (timestamp < before) {
      throw invalid('Log events in a single PutLogEvents request must be in chronological order.');
    }
    before = timestamp;
    return { timestamp, message };
  });
}

function lastIndex(lines: readonly LogLine[], is: (line: LogLine) => boolean): number {
  return lines.findLastIndex(is);
}
