// GetLogEvents: pages of a stream's events, and their tokens.

import { booleanMember, type Input, integerMember, stringMember } from '../wire/input.ts';
import { eventOverheadBytes, type LogCore } from './log-core.ts';
import { groupNameIn, invalid, required } from './log-input.ts';
import type { LogEvent, Position, Reading } from './log-table.ts';

/**
 * Returns a page in order of time. Without a token this is the latest page, or the earliest with startFromHead.
 * The forward token continues after the page. At the end of the stream it repeats itself, so that a reader can follow.
 * The backward token does the same in the other direction.
 */
export function getLogEvents(core: LogCore, input: Input): object {
  const stream = core.stream(groupNameIn(input), required(input, 'logStreamName'));
  const given = stringMember(input, 'nextToken');
  const token = given === undefined ? undefined : parseToken(given);
  const forward = token ? token.forward : booleanMember(input, 'startFromHead') === true;
  const events = readPage(core, limitIn(input), {
    streamId: stream.id,
    from: integerMember(input, 'startTime') ?? 0,
    until: integerMember(input, 'endTime') ?? Number.MAX_SAFE_INTEGER,
    direction: forward ? 'forward' : 'backward',
    beyond: token?.position,
  });
  if (!forward) events.reverse();
  const nothing: Position = token?.position ?? { timestamp: 0, sequence: 0 };
  return {
    events: events.map(({ timestamp, message, ingestedAt }) => ({ timestamp, message, ingestionTime: ingestedAt })),
    nextForwardToken: formatToken('f', events.at(-1) ?? nothing),
    nextBackwardToken: formatToken('b', events[0] ?? nothing),
  };
}

function limitIn(input: Input): number {
  const limit = integerMember(input, 'limit') ?? maximumPageEvents;
  if (limit >= 1 && limit <= maximumPageEvents) return limit;
  const constraint = `Member must be between 1 and ${maximumPageEvents}`;
  throw invalid(`1 validation error detected: Value '${limit}' at 'limit' failed to satisfy constraint: ${constraint}`);
}

function readPage(core: LogCore, limit: number, reading: Reading): LogEvent[] {
  const page: LogEvent[] = [];
  let bytes = 0;
  for (const event of core.read().read(reading)) {
    const size = Buffer.byteLength(event.message) + eventOverheadBytes;
    if (page.length >= limit || (page.length > 0 && bytes + size > maximumPageBytes)) break;
    page.push(event);
    bytes += size;
  }
  return page;
}

/** `f/…` continues after the position, and `b/…` continues before it. */
function formatToken(kind: 'f' | 'b', { timestamp, sequence }: Position): string {
  return `${kind}/${timestamp}/${sequence}`;
}

function parseToken(token: string): { forward: boolean; position: Position } {
  const [, kind, timestamp, sequence] = /^([fb])\/(\d+)\/(\d+)$/.exec(token) ?? [];
  if (!kind) throw invalid('The specified nextToken is invalid.');
  return { forward: kind === 'f', position: { timestamp: Number(timestamp), sequence: Number(sequence) } };
}

/** "As many log events as can fit in a response size of 1 MB, up to 10,000" (API_GetLogEvents). */
const maximumPageEvents = 10_000;
const maximumPageBytes = 1024 * 1024;
