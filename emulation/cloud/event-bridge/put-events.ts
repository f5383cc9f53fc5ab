// PutEvents and TestEventPattern: what an entry may be. It knows nothing of rules.
import { ACCOUNT_ID, arnOf, REGION } from '../wire/account.ts';
import { AwsError } from '../wire/aws-error.ts';
import { type Input, stringList, stringMember, structureList } from '../wire/input.ts';
import { type BusEvent, formatTime, type NewEvent } from './bus-event.ts';
import { compilePattern } from './pattern.ts';

/** API_PutEvents. */
const MAX_ENTRIES = 10;
const MAX_REQUEST_BYTES = 1024 * 1024;
/** eb-putevents.html: what a Time adds to an entry's size. */
const TIME_BYTES = 14;
const BUS = 'default';

/** Entries that are wrong fail by themselves, with a code; the others are published. */
export function putEvents(input: Input, publish: (event: NewEvent) => BusEvent): object {
  const entries = structureList(input, 'Entries') ?? [];
  if (entries.length < 1 || entries.length > MAX_ENTRIES) {
    const text = `1 validation error detected: Value at 'entries' failed to satisfy constraint: Member must have length less than or equal to ${MAX_ENTRIES} and greater than or equal to 1`;
    throw new AwsError('ValidationException', text);
  }
  if (entries.reduce((sum, entry) => sum + entryBytes(entry), 0) > MAX_REQUEST_BYTES) {
    throw new AwsError(
      'ValidationException',
      `Total size of the entries in the request is over the limit of ${MAX_REQUEST_BYTES} bytes.`,
    );
  }
  const Entries = entries.map((entry) => {
    const event = readEntry(entry);
    return 'ErrorCode' in event ? event : { EventId: publish(event).id };
  });
  return { FailedEntryCount: Entries.filter((entry) => 'ErrorCode' in entry).length, Entries };
}

type Failure = { ErrorCode: string; ErrorMessage: string };

function readEntry(entry: Input): NewEvent | Failure {
  const source = stringMember(entry, 'Source');
  const detailType = stringMember(entry, 'DetailType');
  const detail = stringMember(entry, 'Detail');
  const bus = stringMember(entry, 'EventBusName') ?? BUS;
  for (const [name, value] of Object.entries({ Source: source, DetailType: detailType, Detail: detail })) {
    if (!value)
      return failure('InvalidArgument', `Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  if (source?.startsWith('aws.')) return failure('NotAuthorizedForSourceException', 'Not authorized for the source.');
  if (bus !== BUS && bus !== arnOf('events', `event-bus/${BUS}`)) {
    return failure(
      'InvalidArgument',
      `Parameter EventBusName is not valid. Reason: there is no event bus ${bus} here.`,
    );
  }
  const parsed = parseObject(detail ?? '');
  if (!parsed) return failure('MalformedDetail', 'Detail is malformed.');
  const seconds = entry.Time;
  return {
    source: source ?? '',
    'detail-type': detailType ?? '',
    detail: parsed,
    resources: stringList(entry, 'Resources') ?? [],
    ...(typeof seconds === 'number' ? { time: formatTime(seconds * 1000) } : {}),
    account: ACCOUNT_ID,
    region: REGION,
  };
}

function failure(ErrorCode: string, ErrorMessage: string): Failure {
  return { ErrorCode, ErrorMessage };
}

function entryBytes(entry: Input): number {
  const texts = [entry.Source, entry.DetailType, entry.Detail, ...(stringList(entry, 'Resources') ?? [])];
  const bytes = texts.reduce<number>((sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0), 0);
  return bytes + (entry.Time === undefined ? 0 : TIME_BYTES);
}

/** API_TestEventPattern: the fields that an event must have to be tested. */
const EVENT_FIELDS = ['id', 'account', 'source', 'time', 'region', 'resources', 'detail-type'];

export function testEventPattern(input: Input): object {
  const matches = compilePattern(stringMember(input, 'EventPattern') ?? '');
  const event = parseObject(stringMember(input, 'Event') ?? '');
  const missing = EVENT_FIELDS.find((field) => !event || !Object.hasOwn(event, field));
  if (missing)
    throw new AwsError('ValidationException', `Parameter Event is not valid. Reason: ${missing} is missing.`);
  return { Result: matches(event) };
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
