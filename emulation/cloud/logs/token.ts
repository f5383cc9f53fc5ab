// Event ids and page tokens: a position in the order of events, as text. It knows nothing of where events are.
import { AwsError } from '../wire/aws-error.ts';
import type { Position } from './log-table.ts';

/** CloudWatch's event ids are 56 digits: time first, so that they sort as the events do. */
const TIME_DIGITS = 20;
const SEQUENCE_DIGITS = 36;
const TOKEN = new RegExp(`^([fbn])/(\\d{${TIME_DIGITS}})(\\d{${SEQUENCE_DIGITS}})$`);

export function formatEventId({ timestamp, sequence }: Position): string {
  return String(timestamp).padStart(TIME_DIGITS, '0') + String(sequence).padStart(SEQUENCE_DIGITS, '0');
}

/** `f/…` reads on after the position, `b/…` back before it; `n/…` is a page of FilterLogEvents. */
export function formatToken(kind: 'f' | 'b' | 'n', position: Position): string {
  return `${kind}/${formatEventId(position)}`;
}

/** InvalidParameterException for what is no token of one of these kinds. */
export function parseToken(token: string, kinds: string): { kind: string; position: Position } {
  const parts = TOKEN.exec(token);
  const [, kind = '', timestamp, sequence] = parts ?? [];
  if (!parts || !kinds.includes(kind)) {
    throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  }
  return { kind, position: { timestamp: Number(timestamp), sequence: Number(sequence) } };
}
