// CreateLogGroup, CreateLogStream and DescribeLogStreams. It knows nothing of events.
import { arnOf } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import { booleanMember, type Input, stringMember } from '../wire/input.ts';
import type { LogCore } from './log-core.ts';
import { groupNameIn, invalid, limitIn, required } from './log-input.ts';
import type { LogStream } from './log-table.ts';

const GROUP_NAME = /^[.\-_/#A-Za-z0-9]{1,512}$/;
const STREAM_NAME = /^[^:*]{1,512}$/;
/** DescribeLogStreams. */
const MAX_PAGE_STREAMS = 50;

export function createLogGroup(core: LogCore, input: Input): object {
  const name = required(input, 'logGroupName');
  if (!GROUP_NAME.test(name)) throw invalid(`Value '${name}' at 'logGroupName' failed to satisfy constraint`);
  const table = core.read();
  if (table.group(name)) {
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
  }
  table.putGroup({ name, createdAt: core.now() });
  return {};
}

export function createLogStream(core: LogCore, input: Input): object {
  const group = core.group(required(input, 'logGroupName'));
  const name = required(input, 'logStreamName');
  if (!STREAM_NAME.test(name)) throw invalid(`Value '${name}' at 'logStreamName' failed to satisfy constraint`);
  const table = core.read();
  if (table.stream(group.name, name)) {
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
  }
  table.addStream(group.name, name, core.now());
  return {};
}

/** By name, or by the time of the last event (streams without any come first); pages of at most 50. */
export function describeLogStreams(core: LogCore, input: Input): object {
  const group = core.group(groupNameIn(input)).name;
  const prefix = stringMember(input, 'logStreamNamePrefix');
  const byTime = stringMember(input, 'orderBy') === 'LastEventTime';
  if (byTime && prefix !== undefined) throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
  const limit = limitIn(input, MAX_PAGE_STREAMS);
  const streams = core
    .read()
    .streams(group)
    .filter(({ name }) => name.startsWith(prefix ?? ''));
  const order = (one: LogStream, other: LogStream) =>
    (byTime ? (one.lastEventAt ?? 0) - (other.lastEventAt ?? 0) : 0) || compareText(one.name, other.name);
  streams.sort(booleanMember(input, 'descending') ? (one, other) => order(other, one) : order);
  const token = stringMember(input, 'nextToken');
  const start = token === undefined ? 0 : streams.findIndex(({ name }) => `${group}@${name}` === token) + 1;
  if (token !== undefined && start === 0) throw invalid('The specified nextToken is invalid.');
  const page = streams.slice(start, start + limit);
  const last = page.at(-1);
  const more = start + page.length < streams.length && last;
  return {
    logStreams: page.map((stream) => toWire(group, stream)),
    ...(more ? { nextToken: `${group}@${more.name}` } : {}),
  };
}

function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function toWire(group: string, stream: LogStream): object {
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    firstEventTimestamp: stream.firstEventAt,
    lastEventTimestamp: stream.lastEventAt,
    lastIngestionTime: stream.lastIngestedAt,
    uploadSequenceToken: String(stream.lastIngestedAt ?? stream.createdAt),
    arn: arnOf('logs', `log-group:${group}:log-stream:${stream.name}`),
    storedBytes: 0,
  };
}
