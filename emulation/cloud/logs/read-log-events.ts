// GetLogEvents and FilterLogEvents: pages of events and their tokens. It knows nothing of how events are kept.
import { booleanMember, type Input, integerMember, stringList, stringMember } from '../wire/input.ts';
import type { LogCore } from './log-core.ts';
import { groupNameIn, invalid, limitIn, required } from './log-input.ts';
import type { LogEvent, Position, Reading } from './log-table.ts';
import { EVENT_OVERHEAD_BYTES } from './put-log-events.ts';
import { formatEventId, formatToken, parseToken } from './token.ts';

/** Both operations: "as many as can fit in 1 MB, up to 10,000". */
const MAX_PAGE_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1024 * 1024;
/** FilterLogEvents looks at this many events for a page; a page may be empty and yet not the last. */
const MAX_EVENTS_SEARCHED = 100_000;
const END_OF_TIME = Number.MAX_SAFE_INTEGER;

/**
 * A page in order of time. Without a token the latest page, or the earliest with startFromHead. The forward token of a page
 * reads on from its end and repeats itself at the end of the stream, so that a reader can follow; the backward token alike.
 */
export function getLogEvents(core: LogCore, input: Input): object {
  const stream = core.stream(groupNameIn(input), required(input, 'logStreamName'));
  const limit = limitIn(input, MAX_PAGE_EVENTS);
  const given = stringMember(input, 'nextToken');
  const token = given === undefined ? undefined : parseToken(given, 'fb');
  const forward = token ? token.kind === 'f' : booleanMember(input, 'startFromHead') === true;
  const events = pageOf(core, limit, {
    streamIds: [stream.id],
    from: integerMember(input, 'startTime') ?? 0,
    until: integerMember(input, 'endTime') ?? END_OF_TIME,
    direction: forward ? 'forward' : 'backward',
    beyond: token?.position,
  }).page;
  if (!forward) events.reverse();
  const nothing: Position = token?.position ?? { timestamp: 0, sequence: 0 };
  return {
    events: events.map(({ timestamp, message, ingestedAt }) => ({ timestamp, message, ingestionTime: ingestedAt })),
    nextForwardToken: formatToken('f', events.at(-1) ?? nothing),
    nextBackwardToken: formatToken('b', events[0] ?? nothing),
  };
}

/** Events of all or some streams of a group, by time; no token once the last was read. */
export function filterLogEvents(core: LogCore, input: Input): object {
  const group = core.group(groupNameIn(input)).name;
  const limit = limitIn(input, MAX_PAGE_EVENTS);
  const term = termIn(stringMember(input, 'filterPattern'));
  const given = stringMember(input, 'nextToken');
  const endTime = integerMember(input, 'endTime');
  const reading: Reading = {
    streamIds: streamIdsIn(core, group, input),
    from: integerMember(input, 'startTime') ?? 0,
    until: endTime === undefined ? END_OF_TIME : endTime + 1,
    direction: booleanMember(input, 'startFromHead') === false ? 'backward' : 'forward',
    beyond: given === undefined ? undefined : parseToken(given, 'n').position,
  };
  const { page, goesOnAfter } = pageOf(core, limit, reading, (event) => event.message.includes(term));
  return {
    events: page.map((event) => ({
      logStreamName: event.stream,
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestedAt,
      eventId: formatEventId(event),
    })),
    searchedLogStreams: [],
    ...(goesOnAfter ? { nextToken: formatToken('n', goesOnAfter) } : {}),
  };
}

function pageOf(core: LogCore, limit: number, reading: Reading, matches: (event: LogEvent) => boolean = () => true) {
  const page: LogEvent[] = [];
  let bytes = 0;
  let searched = 0;
  let last: Position | undefined;
  for (const event of core.read().read(reading)) {
    const size = Buffer.byteLength(event.message) + EVENT_OVERHEAD_BYTES;
    const isFull = page.length >= limit || (page.length > 0 && bytes + size > MAX_PAGE_BYTES);
    if (isFull || searched >= MAX_EVENTS_SEARCHED) return { page, goesOnAfter: last };
    searched += 1;
    last = event;
    if (!matches(event)) continue;
    page.push(event);
    bytes += size;
  }
  return { page, goesOnAfter: undefined };
}

/** Nothing, or one quoted term; the other filter patterns of CloudWatch are refused by name, not half understood. */
function termIn(pattern: string | undefined): string {
  const text = pattern?.trim() ?? '';
  if (text === '') return '';
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text);
  if (!quoted) throw invalid(`The filterPattern ${text} is not implemented here; only one quoted term is`);
  return (quoted[1] ?? '').replace(/\\(["\\])/g, '$1');
}

function streamIdsIn(core: LogCore, group: string, input: Input): number[] {
  const names = stringList(input, 'logStreamNames');
  const prefix = stringMember(input, 'logStreamNamePrefix');
  if (names && prefix !== undefined) {
    throw invalid('Only one of logStreamNames and logStreamNamePrefix may be given');
  }
  if (names) return names.map((name) => core.stream(group, name).id);
  return core
    .read()
    .streams(group)
    .filter(({ name }) => name.startsWith(prefix ?? ''))
    .map(({ id }) => id);
}
